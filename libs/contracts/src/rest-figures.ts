import { z } from 'zod';
import { decimal, instant } from './exception.ts';
import { eventTime } from './fields.ts';
import { figuresSchema } from './socket.ts';

/** The tower's figures over REST: the present ones, and how the tiles moved. */
const count = z.int().min(0);
const share = z.number().min(0).max(1).nullable().describe('Plan attainment in units; null while nothing was planned');

export const figuresAnswerSchema = z.object({ figures: figuresSchema.nullable().describe('null before the first plan') });

export const figuresHistoryQuerySchema = z.object({
  from: eventTime.optional().describe('Absent: a day before `to`'),
  to: eventTime.optional().describe('Not included; absent: now, by the tower’s time'),
  points: z.coerce
    .number()
    .int()
    .min(1)
    .max(2000)
    .default(96)
    .describe('At most so many, evenly spaced; one is kept for each quarter of an hour of the last 60 days'),
});
export const figuresPointSchema = z.object({
  at: instant,
  today: share,
  week: share,
  month: share,
  valueAtRisk: decimal,
  open: count,
  unowned: count,
  silent: count.describe('Silent feeds'),
});
export const figuresHistorySchema = z.object({
  from: instant,
  to: instant,
  currency: z.string().nullable(),
  items: z.array(figuresPointSchema).describe('Ascending by time'),
});

export type FiguresAnswer = z.infer<typeof figuresAnswerSchema>;
export type FiguresHistoryQuery = z.output<typeof figuresHistoryQuerySchema>;
export type FiguresPoint = z.infer<typeof figuresPointSchema>;
export type FiguresHistory = z.infer<typeof figuresHistorySchema>;
