import { Controller, Inject, Query } from '@nestjs/common';
import { figuresHistoryQuerySchema, type FiguresAnswer, type FiguresHistory, type FiguresHistoryQuery } from '@plumbline/contracts';
import { SERVICES, type Services } from './context.ts';
import { Fits, Serve } from './serve.ts';

@Controller()
export class FiguresController {
  readonly #services: Services;

  constructor(@Inject(SERVICES) services: Services) {
    this.#services = services;
  }

  @Serve('figures')
  present(): Promise<FiguresAnswer> {
    return this.#services.figures.present();
  }

  @Serve('figuresHistory')
  history(@Query(new Fits(figuresHistoryQuerySchema)) query: FiguresHistoryQuery): Promise<FiguresHistory> {
    return this.#services.figures.history(query);
  }
}
