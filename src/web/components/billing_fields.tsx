import type { KeyDetails } from '../key_form.ts';
import { type Complaints, Field } from './form.tsx';

/** Where calls with a key are billed to, for keys that leave it open. */
export function BillingFields(props: { readonly details: KeyDetails; readonly complaints: Complaints }) {
  const { details, complaints } = props;
  return (
    <>
      <Field
        name="organization"
        label="Organisation id (optional)"
        placeholder="org-…"
        value={details.organization}
        complaint={complaints.organization}
        code
      />
      <Field
        name="project"
        label="Project id (optional)"
        placeholder="proj_…"
        value={details.project}
        complaint={complaints.project}
        code
      />
    </>
  );
}
