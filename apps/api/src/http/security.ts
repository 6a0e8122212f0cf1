import { PlumblineError } from '@plumbline/kernel';
import type { FastifyInstance } from 'fastify';
import { isIP } from 'node:net';

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

/**
 * Headers on every answer, and no changes on behalf of another site's page: a browser names the page's origin, and one
 * that is not ours is refused. There is no CORS, so such a page cannot read either. On loopback a name that is not this
 * machine's is refused too: a page may have made its own name point here.
 * @param bound the address that is listened on
 */
export function registerSecurity(fastify: FastifyInstance, bound: string): void {
  const loopback = isLocal(bound);
  fastify.addHook('onRequest', (request, reply, done) => {
    for (const [name, value] of Object.entries(HEADERS)) void reply.header(name, value);
    const { origin, host } = request.headers;
    if (loopback && host !== undefined && !isAddressOrLocal(host)) {
      done(new PlumblineError('foreign-host', `The request is for ${host}, which is not this machine.`, { where: 'host', fix: 'Use http://127.0.0.1, or set PLUMBLINE_HOST to an address other machines may use.' }));
      return;
    }
    const changes = request.method !== 'GET' && request.method !== 'HEAD' && request.method !== 'OPTIONS';
    if (changes && origin !== undefined && hostOf(origin) !== host) {
      done(new PlumblineError('foreign-origin', `The request comes from a page of ${origin}.`, { where: 'origin', fix: 'Use the tower’s own page, or a program.' }));
      return;
    }
    done();
  });
}

const isLocal = (name: string): boolean => name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127\./.test(name);

function isAddressOrLocal(host: string): boolean {
  const name = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, '') : '';
  return isIP(name) !== 0 || isLocal(name);
}

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined);
