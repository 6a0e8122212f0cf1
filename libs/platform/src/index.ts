export { openLog, openPlatform, openStoreAt, type Phase, type Platform, type PlatformOptions } from './platform.ts';
