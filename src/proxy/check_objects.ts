import type { Match } from '../catalog/match.ts';
import { isId, type NamedObject, type ObjectName } from '../catalog/objects.ts';
import type { Provider } from '../catalog/provider.ts';
import type { Deps } from '../deps.ts';
import type { Caller } from './authenticate.ts';
import { Refusal, undecided } from './refusal.ts';

type ObjectDeps = Pick<Deps, 'clock' | 'store'>;

/** Who names something, and with whom it is kept. */
interface Naming {
  readonly provider: Provider;
  readonly caller: Caller;
}

const notKept = 'The provider keeps nothing by this id for this app. Name what the app itself has had made.';
const tooOld = 'This was made too long ago: it costs on as long as it is used. Have another one made.';

/** What the path of a call names. */
export function inPath({ objects, route: { lentFor } }: Match): readonly NamedObject[] {
  return objects.map((object) => ({ ...object, lentFor }));
}

/**
 * Sees to it that whatever a call names is the grant's own. What is on record never moves to another grant, so that a
 * look ahead of the admission will do.
 * @throws Refusal the same for what is another's and for what does not exist
 */
export async function checkObjects(
  deps: ObjectDeps,
  naming: Naming,
  objects: readonly NamedObject[],
): Promise<void> {
  if (objects.length === 0) return;
  const unowned = await findUnowned(deps, naming, objects);
  const named = objects.find(({ kind, id }) => kind === unowned?.kind && id === unowned.id);
  if (unowned) throw refusal(notKept, named);
  const old = await findOld(deps, naming, objects);
  if (old) throw refusal(tooOld, old);
}

function refusal(message: string, { param }: Partial<NamedObject> = {}): Refusal {
  return new Refusal('not_delegable', message, param ? { param } : {});
}

async function findUnowned(
  { store }: ObjectDeps,
  { caller, provider }: Naming,
  objects: readonly NamedObject[],
): Promise<ObjectName | null> {
  const impossible = objects.find(({ id }) => !isId(id));
  if (impossible) return impossible;
  return store.objects.findUnowned(caller.grantId, provider.name, objects).catch(undecided);
}

/** The first of these that was made longer ago than it is lent. */
async function findOld(
  { store, clock }: ObjectDeps,
  { caller, provider }: Naming,
  objects: readonly NamedObject[],
): Promise<NamedObject | null> {
  for (const object of objects) {
    if (object.lentFor === undefined) continue;
    const found = await store.objects.findObject(caller.grantId, provider.name, object).catch(undecided);
    if (!found || found.createdAt + object.lentFor * 1000 < clock()) return object;
  }
  return null;
}
