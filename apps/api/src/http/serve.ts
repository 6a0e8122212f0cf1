import { API_ROOT, routes, type Route } from '@plumbline/contracts';
import { applyDecorators, HttpCode, Injectable, RequestMapping, RequestMethod, type PipeTransform } from '@nestjs/common';
import type { z } from 'zod';
import { Unfit } from './problem.ts';

/** A route of the contract. @throws Error at start-up when the contract has no such route */
export function routeOf(id: string): Route {
  const route = routes.find((candidate) => candidate.id === id);
  if (!route) throw new Error(`the contract has no route ${id}`);
  return route;
}

/** Serves a route of the contract: method, path and status are the contract's, so that the two cannot part. */
export function Serve(id: string): MethodDecorator {
  const { method, path, response } = routeOf(id);
  const mapped = `${API_ROOT}${path}`.replaceAll(/\{(\w+)\}/g, ':$1');
  return applyDecorators(RequestMapping({ path: mapped, method: RequestMethod[method] }), HttpCode(response.status));
}

/** Parses a query or body by its schema; all faults are reported at once. */
@Injectable()
export class Fits<T extends z.ZodType> implements PipeTransform<unknown, z.output<T>> {
  readonly #schema: T;

  constructor(schema: T) {
    this.#schema = schema;
  }

  transform(given: unknown, { type }: { type: string }): z.output<T> {
    const result = this.#schema.safeParse(given ?? {});
    if (result.success) return result.data;
    throw new Unfit(type === 'query' ? 'query' : 'body', result.error.issues, given);
  }
}
