// Must fail the lint: a page that brings the schemas into the browser, and one that reaches for an adapter.
import { figuresSchema } from '@plumbline/contracts';
import { openStore } from '@plumbline/store-postgres';

export const all = [figuresSchema, openStore];
