import packageJson from '../../package.json' with { type: 'json' };

/** Of the program. */
export const VERSION: string = packageJson.version;
