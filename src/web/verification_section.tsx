import { proofPlaces } from '../grants/domain_proof.ts';
import type { Client } from '../store/records.ts';
import { unverifiedUserLimit } from '../store/trust.ts';
import { Form } from './components/form.tsx';
import { Snippet } from './components/snippet.tsx';
import { Day } from './components/time.tsx';
import type { Visitor } from './page.ts';

/** How far an app has got on the way to being verified, for its developer. */
export function Verification(props: {
  readonly client: Client;
  readonly path: string;
  readonly visitor: Visitor;
  readonly complaint: string | null | undefined;
}) {
  const { client, path, visitor, complaint } = props;
  return (
    <section class="card" id="proof">
      <h2>Verification</h2>
      {client.verified ? (
        <p>
          The operator vouches for this app. That ends when you change its name or its redirect URIs: ask
          again then.
        </p>
      ) : (
        <p>
          Until the operator vouches for this app, at most {unverifiedUserLimit} people can be connected to it
          at once, and the consent page says that nobody has checked it. You yourself do not count, nor do
          test tokens.
        </p>
      )}
      {!client.verified && client.verificationAskedAt === null && (
        <Form action={`${path}/verification`} csrf={visitor.csrf}>
          <button type="submit" class="quiet">
            Ask for verification
          </button>
        </Form>
      )}
      {client.verificationAskedAt !== null && (
        <>
          <p>
            You asked on <Day at={client.verificationAskedAt} />. The operator decides.
          </p>
          <DomainProof client={client} path={path} visitor={visitor} complaint={complaint} />
        </>
      )}
    </section>
  );
}

function DomainProof(props: Parameters<typeof Verification>[0]) {
  const { client, path, visitor, complaint } = props;
  const places = proofPlaces(client);
  if (places.length === 0) {
    return <p>The app redirects to no web address, so there is no domain to show as yours.</p>;
  }
  const token = client.verificationToken ?? '';
  const records = places.flatMap(({ record }) => (record === null ? [] : [`${record}. IN TXT "${token}"`]));
  return (
    <>
      <p>
        Show that what it redirects to is yours. For each host put this token into a file or into a TXT record
        of its domain, whichever is easier, and check it:
      </p>
      <Snippet id="verification-token" label="Verification token" text={token} />
      <Snippet id="verification-files" label="In the file" text={places.map(({ url }) => url).join('\n')} />
      {records.length > 0 && (
        <Snippet id="verification-records" label="Or as the record" text={records.join('\n')} />
      )}
      {complaint && <p class="complaint">{complaint}</p>}
      {client.domainProvenAt !== null && (
        <p>
          Found on <Day at={client.domainProvenAt} />.
        </p>
      )}
      <Form action={`${path}/proof`} csrf={visitor.csrf}>
        <button type="submit" class="quiet">
          Check now
        </button>
      </Form>
    </>
  );
}
