import { randomBytes } from 'node:crypto';
import { invalidRequest, type Refusal } from './errors.ts';
import { integerOf } from './fields.ts';

/** Something that is kept, as it is shown. */
export interface Kept {
  readonly id: string;
  readonly [field: string]: unknown;
}

/** What one key has had made. Kinds of the things inside of another carry its id. */
export interface Shelf {
  put(kind: string, thing: Kept): void;
  /** @throws Refusal 404 */
  get(kind: string, id: string): Kept;
  /** @throws Refusal 404 */
  remove(kind: string, id: string): void;
  /** The oldest first. */
  list(kind: string): readonly Kept[];
}

/** Things a key has at most; the oldest make room. */
const capacity = 1000;

/** Shelves that are made when they are first asked for, one a key. */
export function createShelves(): (key: string) => Shelf {
  const shelves = new Map<string, Shelf>();
  return (key) => {
    const shelf = shelves.get(key) ?? createShelf();
    shelves.set(key, shelf);
    return shelf;
  };
}

function createShelf(): Shelf {
  const things = new Map<string, { readonly kind: string; readonly thing: Kept }>();
  const place = (kind: string, id: string) => `${kind} ${id}`;
  const find = (kind: string, id: string): Kept => {
    const found = things.get(place(kind, id));
    if (!found) throw notFound(id);
    return found.thing;
  };
  return {
    put(kind, thing) {
      things.set(place(kind, thing.id), { kind, thing });
      const [oldest] = things.keys();
      if (things.size > capacity && oldest !== undefined) things.delete(oldest);
    },
    get: find,
    remove(kind, id) {
      find(kind, id);
      things.delete(place(kind, id));
    },
    list: (kind) => [...things.values()].filter((one) => one.kind === kind).map(({ thing }) => thing),
  };
}

/** What a seed cannot give: an id that nothing else ever had. */
export function newSeed(): string {
  return randomBytes(16).toString('hex');
}

/** A page of a list, as its `limit`, `order` and `after` ask for. */
export function page(things: readonly Kept[], query: URLSearchParams) {
  const ordered = query.get('order') === 'asc' ? things : things.toReversed();
  const after = ordered.findIndex(({ id }) => id === query.get('after'));
  const rest = ordered.slice(after + 1);
  const data = rest.slice(0, integerOf(query.get('limit') ?? '') ?? 20);
  const [first] = data;
  const ends = { first_id: first?.id ?? null, last_id: data.at(-1)?.id ?? null };
  return { object: 'list', data, ...ends, has_more: rest.length > data.length };
}

function notFound(id: string): Refusal {
  return invalidRequest(`No such object: ${id}`, { status: 404, code: 'not_found' });
}
