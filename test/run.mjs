// `npm test`: lint with the import rule and its fixture, types, then every test. Ends with "N passed, N failed".
import { join } from 'node:path';
import { go, install, root } from '../apps/tower/bin/bootstrap.mjs';

install();
go(join(root, 'test', 'all.mjs'), process.argv.slice(2));
