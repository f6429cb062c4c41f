import type { ObjectName } from '../catalog/objects.ts';
import { objectsIn } from '../catalog/objects.ts';
import type { ObjectStore } from '../store/contract/objects.ts';
import type { Admission } from './admit.ts';

/**
 * Keeps the record of what the provider keeps for a grant in step with its answers, of which the app sees nothing before.
 * @returns null when there is nothing to put on record; else a promise, which rejects when it cannot be put there
 */
export type ObjectRecord = (answers: readonly unknown[]) => Promise<void> | null;

/** What is kept of something that holds answers, one on each line. */
const holdingAnswers = { holdsAnswers: true } as const;

/** The record of one admitted call. */
export function createObjectRecord(store: ObjectStore, admission: Admission): ObjectRecord {
  const { callId, grantId, credential, provider, match, checked, detail } = admission;
  const { makes = [], deletes, scope } = match.route;
  if (deletes) return () => store.forgetObjects(grantId, provider.name, match.objects);
  const used = [scope, ...(checked?.scopes ?? [])];
  const made = makes.filter((object) => used.includes(object.scope));
  if (made.length === 0) return () => null;
  const details = { call: detail, answers: holdingAnswers };
  const byKind = new Map(made.map(({ kind, detail: which }) => [kind, which ? details[which] : null]));
  const origin = { provider: provider.name, grantId, credentialId: credential.id, callId };
  const known = new Set<string>();

  const record = async (names: readonly ObjectName[]) => {
    const objects = names.map((name) => ({ ...name, detail: byKind.get(name.kind) ?? null }));
    if (!(await store.recordObjects(origin, objects)))
      throw new Error('The provider gave out an id of another grant');
  };

  return (answers) => {
    const fresh = answers
      .flatMap((answer) => objectsIn(made, answer))
      .filter(({ kind, id }) => !known.has(`${kind} ${id}`));
    for (const { kind, id } of fresh) known.add(`${kind} ${id}`);
    return fresh.length === 0 ? null : record(fresh);
  };
}
