import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The dashboard as the build leaves it: beside the program. Undefined where it was not built. */
export function dashboardBeside(program: string | undefined): string | undefined {
  if (program === undefined) return undefined;
  const directory = join(dirname(program), 'dashboard');
  return existsSync(join(directory, 'index.html')) ? directory : undefined;
}

/**
 * Serves the dashboard: its files by name, and its one page for every other address a person opens. Files whose name
 * carries their content's hash are kept by the browser for good; the page itself is asked for each time.
 */
export async function registerDashboard(fastify: FastifyInstance, directory: string): Promise<void> {
  const { default: fastifyStatic } = await import('@fastify/static');
  await fastify.register(fastifyStatic, {
    root: directory,
    wildcard: false,
    index: false,
    preCompressed: true,
    cacheControl: false,
    setHeaders: (reply, path) => {
      void reply.header('cache-control', path.includes('/immutable/') ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  const page = (request: FastifyRequest, reply: FastifyReply): FastifyReply | void => {
    if (!isPage(request)) return reply.callNotFound();
    return reply.sendFile('index.html');
  };
  fastify.get('/', page);
  fastify.get('/*', page);
}

/** A person's address, not a program's: neither the API's own paths nor a file of a build that is gone, and asked for as a page. */
function isPage({ url, headers }: FastifyRequest): boolean {
  if (/^\/(_app|api|health|metrics|live)(\/|$|\?)/.test(url)) return false;
  return headers.accept === undefined || /text\/html|\*\/\*/.test(headers.accept);
}
