import { countAttempts } from '../accounts/attempts.ts';
import { consentPath } from '../grants/hand_over.ts';
import { readUserCode } from '../grants/user_code.ts';
import { sha256 } from '../lib/hash.ts';
import { newId } from '../lib/ids.ts';
import type { User } from '../store/records.ts';
import { ErrorSummary, Field, Form } from './components/form.tsx';
import { Layout } from './layout.tsx';
import type { PageContext, Visitor } from './page.ts';
import { tooMany } from './problem.tsx';

/** Asks for the code that a device shows. One that came with the address still has to be sent by the person. */
export function showDevice(c: PageContext) {
  return c.html(<EnterCode visitor={c.var.visitor} typed={c.req.query('user_code') ?? ''} />);
}

/** Leads from the code to what the device asks for. */
export async function submitDevice(c: PageContext, user: User) {
  const { deps, visitor, form } = c.var;
  const typed = form.get('user_code') ?? '';
  const retryAfter = await countAttempts(deps.store.accounts, guessLimits(user, visitor.address));
  if (retryAfter !== null) return tooMany(c, retryAfter);
  const userCode = readUserCode(typed);
  const requestId =
    userCode &&
    (await deps.store.devices.claimDevice(sha256(userCode), {
      requestId: newId('arq', deps.clock()),
      browserHash: visitor.browserHash,
      userCode,
    }));
  if (requestId) return c.redirect(consentPath(requestId), 303);
  return c.html(<EnterCode visitor={visitor} typed={typed} wrong />, 422);
}

/** After the decision. */
export function showDeviceDone(c: PageContext) {
  return c.html(
    <Layout title="Go back to your device" visitor={c.var.visitor} width="narrow">
      <section class="card">
        <h1>Go back to your device</h1>
        <p>It learns of your answer within a few seconds. You can close this page.</p>
        <a class="button quiet" href="/apps">
          See your connected apps
        </a>
      </section>
    </Layout>,
  );
}

/** Guessing somebody else's code is the danger here (RFC 8628 §5.1). */
function guessLimits(user: User, address: string) {
  const windowSeconds = 15 * 60;
  return [
    { key: `device:${user.id}`, limit: 10, windowSeconds },
    { key: `device:${address}`, limit: 50, windowSeconds },
  ];
}

function EnterCode(props: { readonly visitor: Visitor; readonly typed: string; readonly wrong?: boolean }) {
  const { visitor, typed, wrong = false } = props;
  const complaint = wrong
    ? 'No device waits under this code. Check it on the device; after a quarter of an hour it shows a new one.'
    : null;
  return (
    <Layout title="Connect a device" visitor={visitor} width="narrow" invalid={wrong}>
      <section class="card">
        <h1>Connect a device</h1>
        <p>
          Enter the code that a device or a program of yours is showing you. You then see what it asks for.
        </p>
        <ErrorSummary complaints={{ user_code: complaint }} />
        <Form action="/device" csrf={visitor.csrf}>
          <Field
            name="user_code"
            label="Code"
            hint="Eight letters, such as WDJB-MJHT."
            value={typed}
            maxlength={20}
            autocomplete="off"
            complaint={complaint}
            code
            required
          />
          <button type="submit">Continue</button>
        </Form>
        <p class="hint">
          Did somebody send you a code or this link? Then close this page: entering it would let them use your
          keys.
        </p>
      </section>
    </Layout>
  );
}
