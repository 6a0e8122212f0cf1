import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { contentPolicy } from './security.ts';

/** The dashboard as the build leaves it: beside the program. Undefined where it was not built. */
export function dashboardBeside(program: string | undefined): string | undefined {
  if (program === undefined) return undefined;
  const directory = join(dirname(program), 'dashboard');
  return existsSync(join(directory, 'index.html')) ? directory : undefined;
}

/**
 * Serves the dashboard: its files by name, and its one page for every other address a person opens. Files whose name
 * carries their content's hash are kept by the browser for good; the page itself is asked for each time. Files are looked
 * for when they are asked for: a build that is made anew under a running tower is served from then on.
 */
export async function registerDashboard(fastify: FastifyInstance, directory: string): Promise<void> {
  const { default: fastifyStatic } = await import('@fastify/static');
  await fastify.register(fastifyStatic, {
    root: directory,
    serve: false,
    preCompressed: true,
    cacheControl: false,
    setHeaders: (reply, path) => {
      void reply.header('cache-control', path.includes('/immutable/') ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  const answer = (request: FastifyRequest, reply: FastifyReply): FastifyReply | void => {
    const [path] = request.url.split('?') as [string];
    if (path.startsWith('/_app/')) return reply.sendFile(path.slice(1));
    if (!isPage(path, request.headers.accept)) return reply.callNotFound();
    // Read anew each time, as the page is: it may be that of a later build, or just being made.
    const index = join(directory, 'index.html');
    if (existsSync(index)) void reply.header('content-security-policy', contentPolicy(readFileSync(index, 'utf8')));
    return reply.sendFile('index.html');
  };
  fastify.get('/', answer);
  fastify.get('/*', answer);
}

/** A person's address, not a program's: outside the API's own paths, and asked for as a page. */
const isPage = (path: string, accept = '*/*'): boolean => !/^\/(api|health|metrics|live)(\/|$)/.test(path) && /text\/html|\*\/\*/.test(accept);
