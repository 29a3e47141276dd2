/**
 * How much the graphs of values take: what `Value.memory()` tells. Each array of records has an account, which V8 lets us close
 * when it has collected the records. It does so between turns of the event loop only, never within a synchronous loop; so that
 * the accounts do not become a leak of their own there, their number is limited.
 */

/** How many accounts there are at most. */
const MOST = 1 << 14;

const accounts = new Set<Account>();

const collected = new FinalizationRegistry<Account>((account) => accounts.delete(account));

/** What the graphs of values take. */
export interface Memory {
  /** Recorded operations, and the numbers that they were applied to. */
  readonly nodes: number;
  /** The memory of these, of their values and their gradients. */
  readonly bytes: number;
}

/** How much one array of records takes. */
export class Account implements Memory {
  nodes = 0;
  bytes = 0;

  /** Opens an account for an object, unless there are too many. */
  static of(owner: object): Account | undefined {
    if (accounts.size >= MOST) return undefined;
    const account = new Account();
    accounts.add(account);
    collected.register(owner, account);
    return account;
  }

  set(nodes: number, bytes: number): void {
    this.nodes = nodes;
    this.bytes = bytes;
  }
}

/** All accounts together. */
export function total(): Memory {
  let nodes = 0, bytes = 0;
  for (const account of accounts) {
    nodes += account.nodes;
    bytes += account.bytes;
  }
  return { nodes, bytes };
}
