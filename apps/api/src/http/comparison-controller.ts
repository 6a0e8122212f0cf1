import { Controller, Headers, Inject, Query, Res } from '@nestjs/common';
import { comparisonQuerySchema, type ComparisonAnswer, type ComparisonQuery } from '@plumbline/contracts';
import type { FastifyReply } from 'fastify';
import { csvNameOf, csvOf } from '../service/comparison/csv.ts';
import { SERVICES, type Services } from './context.ts';
import { Fits, Serve } from './serve.ts';

@Controller()
export class ComparisonController {
  readonly #services: Services;

  constructor(@Inject(SERVICES) services: Services) {
    this.#services = services;
  }

  /** As JSON a page of rows; as CSV, by `format=csv` or `Accept: text/csv`, all of them. */
  @Serve('compare')
  async compare(
    @Query(new Fits(comparisonQuerySchema)) query: ComparisonQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Headers('accept') accept?: string,
  ): Promise<ComparisonAnswer | string> {
    const csv = query.format === 'csv' || (query.format === undefined && /^\s*text\/csv\b/i.test(accept ?? ''));
    void reply.header('vary', 'accept');
    if (!csv) return this.#services.comparison.compare(query);
    const answer = await this.#services.comparison.compare({ ...query, format: 'csv', cursor: undefined });
    void reply.header('content-type', 'text/csv; charset=utf-8; header=present');
    void reply.header('content-disposition', `attachment; filename="${csvNameOf(answer)}"`);
    return csvOf(answer);
  }
}
