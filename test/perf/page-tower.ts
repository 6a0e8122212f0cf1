import { startApi } from '@plumbline/api';
import { openPlatform } from '@plumbline/platform';
import { processLogger, readConfig } from '@plumbline/runtime';

/** An API with the dashboard on a store that others write: what a browser talks to. Ends with its parent. */
const { PAGE_DASHBOARD: dashboard, ...env } = process.env;
const config = readConfig(env);
const logger = processLogger('warn', 'page-tower');
const platform = await openPlatform({ config, logger, mode: 'join' });
const api = await startApi({ platform, host: '127.0.0.1', port: 0, logger, dashboard });
process.send!({ url: api.url });
process.once('disconnect', () => void api.close().then(() => platform.close()));
