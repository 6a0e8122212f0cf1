/** What a line is on the wire. */
export const SALE = 0;
export const RETURN = 1;
/** A sale of a SKU nobody has planned. */
export const UNKNOWN_SKU = 2;
/** Something that is no event: it must end in the dead letters. */
export const MALFORMED = 3;

/**
 * Lines to be sent, as columns of equal length that grow. Times are milliseconds UTC, quantities thousandths, prices
 * ten-thousandths. `repeatAfter` > 0: the same event is sent again that many milliseconds later.
 */
export class Sends {
  length = 0;
  sentAt = new Float64Array(1024);
  time = new Float64Array(1024);
  leaf = new Int32Array(1024);
  quantity = new Int32Array(1024);
  price = new Int32Array(1024);
  kind = new Uint8Array(1024);
  repeatAfter = new Int32Array(1024);

  push(
    sentAt: number,
    time: number,
    leaf: number,
    quantity: number,
    price: number,
    kind: number,
    repeatAfter: number,
  ): void {
    const i = this.length++;
    if (i === this.leaf.length) this.#grow();
    this.sentAt[i] = sentAt;
    this.time[i] = time;
    this.leaf[i] = leaf;
    this.quantity[i] = quantity;
    this.price[i] = price;
    this.kind[i] = kind;
    this.repeatAfter[i] = repeatAfter;
  }

  #grow(): void {
    const capacity = this.leaf.length * 2;
    const f64 = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const next = new Float64Array(capacity);
      next.set(old);
      return next;
    };
    const i32 = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const next = new Int32Array(capacity);
      next.set(old);
      return next;
    };
    const kind = new Uint8Array(capacity);
    kind.set(this.kind);
    this.sentAt = f64(this.sentAt);
    this.time = f64(this.time);
    this.leaf = i32(this.leaf);
    this.quantity = i32(this.quantity);
    this.price = i32(this.price);
    this.repeatAfter = i32(this.repeatAfter);
    this.kind = kind;
  }
}
