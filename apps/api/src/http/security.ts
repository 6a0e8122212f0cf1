import { PlumblineError } from '@plumbline/kernel';
import type { FastifyInstance } from 'fastify';
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/**
 * What a page of ours may load and run: files from here, and of scripts that stand in the page itself those it came with.
 * Rows of a list that is drawn in part are placed by style attributes.
 */
export function contentPolicy(html = ''): string {
  const own = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, script]) => ` 'sha256-${createHash('sha256').update(script!).digest('base64')}'`);
  return `default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self'${own.join('')}; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'`;
}

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': contentPolicy(),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

/**
 * Headers on every answer, and no changes on behalf of another site's page: a browser names the page's origin, and one
 * that is not ours is refused. There is no CORS, so such a page cannot read either.
 * @param bound the address that is listened on
 */
export function registerSecurity(fastify: FastifyInstance, bound: string): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    for (const [name, value] of Object.entries(HEADERS)) void reply.header(name, value);
    const reads = request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS';
    done(foreignHost(request.headers, bound) ?? (reads ? undefined : foreignOrigin(request.headers)));
  });
}

/** On loopback a name that is not this machine's is refused: a page may have made its own name point here. */
export function foreignHost({ host }: IncomingHttpHeaders, bound: string): PlumblineError | undefined {
  if (!isLocal(bound) || host === undefined || isAddressOrLocal(host)) return undefined;
  return new PlumblineError('foreign-host', `The request is for ${host}, which is not this machine.`, { where: 'host', fix: 'Use http://127.0.0.1, or set PLUMBLINE_HOST to an address other machines may use.' });
}

/** Programs name no origin; a page's must be the host that is asked. For changes, and for sockets, which a page may read. */
export function foreignOrigin({ origin, host }: IncomingHttpHeaders): PlumblineError | undefined {
  if (origin === undefined || hostOf(origin) === host) return undefined;
  return new PlumblineError('foreign-origin', `The request comes from a page of ${origin}.`, { where: 'origin', fix: 'Use the tower’s own page, or a program.' });
}

const isLocal = (name: string): boolean => name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127\./.test(name);

function isAddressOrLocal(host: string): boolean {
  const name = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, '') : '';
  return isIP(name) !== 0 || isLocal(name);
}

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined);
