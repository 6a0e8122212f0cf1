import { Inject } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, type OnGatewayDisconnect, type OnGatewayInit } from '@nestjs/websockets';
import { joinMessageSchema, lookingMessageSchema, SOCKET_PATH, SOCKET_VERSION, watchMessageSchema, type StaleMessage } from '@plumbline/contracts';
import type { z } from 'zod';
import { LIVE, type Live, type LiveServer, type LiveSocket } from './live.ts';

/** Socket.IO messages in and out of the hub. */
@WebSocketGateway({ path: SOCKET_PATH })
export class LiveGateway implements OnGatewayInit<LiveServer>, OnGatewayDisconnect<LiveSocket> {
  readonly #live: Live;

  constructor(@Inject(LIVE) live: Live) {
    this.#live = live;
  }

  afterInit(server: LiveServer): void {
    this.#live.open(server);
  }

  handleDisconnect(socket: LiveSocket): void {
    this.#live.left(socket);
  }

  @SubscribeMessage('join')
  join(@ConnectedSocket() socket: LiveSocket, @MessageBody() body: unknown): void {
    const message = this.#read(socket, joinMessageSchema, body);
    if (message) this.#live.joined(socket, message);
  }

  @SubscribeMessage('watch')
  watch(@ConnectedSocket() socket: LiveSocket, @MessageBody() body: unknown): void {
    const message = this.#read(socket, watchMessageSchema, body);
    if (message) this.#live.watches(socket, message.watch);
  }

  @SubscribeMessage('looking')
  looking(@ConnectedSocket() socket: LiveSocket, @MessageBody() body: unknown): void {
    const message = this.#read(socket, lookingMessageSchema, body);
    if (message) this.#live.looks(socket, message.exceptionId);
  }

  /** The message, or undefined when the client was told that it does not fit. */
  #read<T extends z.ZodType>(socket: LiveSocket, schema: T, body: unknown): z.output<T> | undefined {
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') ?? '';
    const told: StaleMessage =
      where === 'version'
        ? { version: SOCKET_VERSION, reason: 'version', detail: `The server speaks version ${SOCKET_VERSION}: reload the page.` }
        : { version: SOCKET_VERSION, reason: 'unfit', detail: `${where === '' ? 'message' : where}: ${issue?.message ?? 'does not fit'}` };
    this.#live.refuse(socket, told);
    return undefined;
  }
}
