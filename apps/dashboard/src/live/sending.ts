import type { BulkCommandsResult, CommandAccepted, CommandName } from '@plumbline/contracts';
import { ProblemError, send } from './api.ts';
import type { Act, CommandInput } from './overlay.ts';

/** One command on one exception, with the id of the event it becomes. */
export interface Order {
  exceptionId: string;
  eventId: string;
}

export interface Refusal extends Order {
  detail: string;
}

/** At most so many in one request. */
const CHUNK = 500;

/**
 * Sends one command on each of the exceptions. Answers which were refused and why.
 * @throws ProblemError where nothing could be asked
 */
export async function sendOrders(
  command: Act,
  orders: readonly Order[],
  by: string,
  input: CommandInput,
): Promise<Refusal[]> {
  return sendEach(command, orders, by, () => input);
}

async function sendEach<T extends Order>(
  command: CommandName,
  orders: readonly T[],
  by: string,
  inputOf: (order: T) => object,
): Promise<Refusal[]> {
  if (orders.length === 1) return sendOne(command, orders[0]!, { id: orders[0]!.eventId, by, ...inputOf(orders[0]!) });
  const refusals: Refusal[] = [];
  for (let at = 0; at < orders.length; at += CHUNK) {
    const chunk = orders.slice(at, at + CHUNK);
    const items = chunk.map((order) => ({
      id: order.exceptionId,
      command,
      body: { id: order.eventId, by, ...inputOf(order) },
    }));
    const answer = await send<BulkCommandsResult>('POST', '/exceptions/commands', { items });
    for (const { index, status, detail } of answer.results) {
      if (status === 'refused') refusals.push({ ...chunk[index]!, detail: detail ?? 'No reason was given.' });
    }
  }
  return refusals;
}

/** A refusal is an answer; that nobody answered is not. */
async function sendOne(command: CommandName, order: Order, body: object): Promise<Refusal[]> {
  try {
    await send<CommandAccepted>('POST', `/exceptions/${encodeURIComponent(order.exceptionId)}/${command}`, body);
    return [];
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.status === 0 || error.problem.status >= 500) throw error;
    return [{ exceptionId: order.exceptionId, eventId: order.eventId, detail: error.problem.detail ?? error.problem.title }];
  }
}

/** Takes back what those orders did; each undo is an event of its own. @throws ProblemError */
export async function sendUndo(orders: readonly (Order & { undoes: string })[], by: string): Promise<Refusal[]> {
  return sendEach('undo', orders, by, ({ undoes }) => ({ undoes }));
}
