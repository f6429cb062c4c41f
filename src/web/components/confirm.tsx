import type { Child } from 'hono/jsx';
import { Form } from './form.tsx';

/** A button for what cannot be undone: it opens what will happen, and the button that does it. */
export function Confirm(props: {
  /** On the button that opens. */
  readonly ask: string;
  /** On the button that does it. */
  readonly act: string;
  readonly action: string;
  readonly csrf: string;
  /** What will happen. */
  readonly children?: Child;
}) {
  return (
    <details class="confirm">
      <summary>{props.ask}</summary>
      <Form action={props.action} csrf={props.csrf}>
        {props.children}
        <button type="submit" class="danger">
          {props.act}
        </button>
      </Form>
    </details>
  );
}
