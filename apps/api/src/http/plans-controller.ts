import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import {
  planCommitBodySchema,
  planDeriveBodySchema,
  planDiffQuerySchema,
  planExtendBodySchema,
  planImportBodySchema,
  planRevertBodySchema,
  type PlanChangeBody,
  type PlanCommitBody,
  type PlanDeriveBody,
  type PlanDetail,
  type PlanDiffBody,
  type PlanExtendBody,
  type PlanImportBody,
  type PlanPage,
  type PlanRevertBody,
  type PlanVersionSummary,
} from '@plumbline/contracts';
import { PlanFaults } from '../service/plans.ts';
import { SERVICES, type Services } from './context.ts';
import { Fits, Serve } from './serve.ts';

@Controller()
export class PlansController {
  readonly #services: Services;

  constructor(@Inject(SERVICES) services: Services) {
    this.#services = services;
  }

  @Serve('listPlans')
  list(): Promise<PlanPage> {
    return this.#services.plans.list();
  }

  @Serve('showPlan')
  show(@Param('id') id: string): Promise<PlanDetail> {
    return this.#services.plans.show(id);
  }

  /** What changes when this version takes the place of the other. */
  @Serve('diffPlans')
  diff(@Param('id') id: string, @Query(new Fits(planDiffQuerySchema)) query: { with: string }): Promise<PlanDiffBody> {
    return this.#services.plans.diff(query.with, id);
  }

  @Serve('importPlan')
  async import(@Body(new Fits(planImportBodySchema)) body: PlanImportBody): Promise<PlanVersionSummary> {
    const result = await this.#services.plans.import(body);
    if (!result.imported) throw new PlanFaults(result.faults);
    return result.version;
  }

  @Serve('derivePlan')
  async derive(@Body(new Fits(planDeriveBodySchema)) body: PlanDeriveBody): Promise<PlanVersionSummary> {
    return (await this.#services.plans.derive(body)).version;
  }

  @Serve('extendPlan')
  extend(@Body(new Fits(planExtendBodySchema)) body: PlanExtendBody): Promise<PlanChangeBody> {
    return this.#services.plans.extend(body);
  }

  @Serve('revertPlan')
  revert(@Body(new Fits(planRevertBodySchema)) body: PlanRevertBody): Promise<PlanChangeBody> {
    return this.#services.plans.revert(body);
  }

  @Serve('commitPlan')
  commit(@Param('id') id: string, @Body(new Fits(planCommitBodySchema)) body: PlanCommitBody): Promise<PlanVersionSummary> {
    return this.#services.plans.commit(id, body);
  }
}
