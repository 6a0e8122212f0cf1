import type { FastifyInstance } from 'fastify';

/** Answers below this go as they are: compressing them costs more time than it saves. Bytes. */
const LEAST = 8192;

/**
 * Long answers are compressed for those who take it. What is sent line by line is not: each line is to arrive when it is
 * known. The dashboard's files lie compressed beside their originals.
 */
export async function registerCompression(fastify: FastifyInstance): Promise<void> {
  const { default: compress } = await import('@fastify/compress');
  await fastify.register(compress, {
    threshold: LEAST,
    encodings: ['gzip'],
    customTypes: /^(application\/json|application\/problem\+json|text\/csv|text\/plain)\b/,
    globalDecompression: false,
  });
}
