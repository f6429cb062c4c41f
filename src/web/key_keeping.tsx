import type { Credential, Session } from '../store/records.ts';
import { daysToKeep, forDays, forSession, type KeyLife, untilDeleted } from '../vault/key_life.ts';
import { Form, Select } from './components/form.tsx';
import { Day } from './components/time.tsx';
import type { Visitor } from './page.ts';

/** For how long a key can be kept, by the value in a form. */
const keepings = new Map<string, { readonly label: string; readonly life: (given: Given) => KeyLife }>([
  ['always', { label: 'Until I delete it', life: () => untilDeleted }],
  ...daysToKeep.map(
    (days) =>
      [
        String(days),
        {
          label: days === 1 ? 'For a day' : `For ${days} days`,
          life: ({ now }: Given) => forDays(days, now),
        },
      ] as const,
  ),
  ['session', { label: 'Until I sign out', life: ({ session }) => forSession(session) }],
]);

interface Given {
  readonly session: Session;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export const firstKeeping = 'always';

/** The complaint about anything else. */
export const noKeeping = 'Choose for how long it is kept.';

/**
 * What was chosen; null where that is none of the choices.
 * @param session whose owner chooses; null where nobody is signed in
 * @param now milliseconds since the epoch
 */
export function readKeeping(value: string, session: Session | null, now: number): KeyLife | null {
  return (session && keepings.get(value)?.life({ session, now })) ?? null;
}

/** The choice that a key is kept by. */
function keepingOf({ expiresAt, sessionHash, updatedAt }: Credential): string {
  if (expiresAt === null) return firstKeeping;
  if (sessionHash !== null) return 'session';
  const isWithin = (days: number) => expiresAt <= (forDays(days, updatedAt).expiresAt ?? 0);
  return String(daysToKeep.find(isWithin) ?? daysToKeep.at(-1));
}

/** A choice of how long a key is kept, of a new one or of one that is there. */
export function KeepingChoice(props: {
  readonly selected?: string;
  readonly held?: Credential;
  readonly complaint: string | null | undefined;
}) {
  const { held, complaint } = props;
  const { selected = held ? keepingOf(held) : firstKeeping } = props;
  return (
    <Select
      name="keep"
      label="Keep it"
      selected={selected}
      complaint={complaint}
      hint={
        held && (
          <>
            Now: <Keeping of={held} />.
          </>
        )
      }
      options={[...keepings].map(([value, { label }]) => ({ value, label }))}
    />
  );
}

/** Where the life of a key is changed. */
export function KeepingForm(props: {
  readonly path: string;
  readonly visitor: Visitor;
  readonly credential: Credential;
  readonly complaint: string | null | undefined;
}) {
  const { path, visitor, credential, complaint } = props;
  return (
    <section class="card">
      <h2>How long it is kept</h2>
      <p>When the time is over, the key is deleted here, and access that apps have by it alone ends.</p>
      <Form action={`${path}/keep`} csrf={visitor.csrf}>
        <KeepingChoice held={credential} complaint={complaint} />
        <button type="submit">Save</button>
      </Form>
    </section>
  );
}

/** For how long a key is kept, in words. */
export function Keeping({ of: { expiresAt, sessionHash } }: { readonly of: KeyLife }) {
  if (expiresAt === null) return <>until you delete it</>;
  if (sessionHash === null) {
    return (
      <>
        until <Day at={expiresAt} />
      </>
    );
  }
  return (
    <>
      until you sign out where you added it, at the latest <Day at={expiresAt} />
    </>
  );
}
