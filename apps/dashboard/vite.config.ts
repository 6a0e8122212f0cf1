import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

const OUT = '../../dist/dashboard';
/** The tower that `vite dev` shows. */
const tower = process.env['PLUMBLINE_URL'] ?? 'http://127.0.0.1:7070';

export default defineConfig({
  plugins: [
    sveltekit({
      // One page that draws itself in the browser: the API serves it for every address that is not its own.
      adapter: adapter({ pages: OUT, assets: OUT, fallback: 'index.html', precompress: true }),
      compilerOptions: { runes: true },
    }),
  ],
  server: { proxy: { '/api': tower, '/live': { target: tower, ws: true } } },
});
