import type { Child } from 'hono/jsx';

/** What is wrong with a form, by the name of the field. */
export type Complaints = Readonly<Record<string, string | null | undefined>>;

/** A form that posts back to us. */
export function Form(props: {
  readonly action: string;
  readonly csrf: string;
  readonly class?: string;
  readonly children?: Child;
}) {
  return (
    <form method="post" action={props.action} class={props.class}>
      <input type="hidden" name="csrf" value={props.csrf} />
      {props.children}
    </form>
  );
}

interface LabelledProps {
  readonly name: string;
  readonly label: string;
  readonly hint?: Child;
  readonly complaint?: string | null | undefined;
}

interface FieldProps extends LabelledProps {
  readonly type?: 'text' | 'email' | 'password';
  readonly value?: string;
  readonly required?: boolean;
  readonly readonly?: boolean;
  readonly autocomplete?: string;
  readonly placeholder?: string;
  readonly maxlength?: number;
  /** The keys that a phone shows for it. */
  readonly inputmode?: 'numeric' | 'decimal';
  /** For what must be typed exactly, such as keys and ids. */
  readonly code?: boolean;
}

/** A labelled line of text. */
export function Field({ name, label, hint, complaint, code, type = 'text', ...input }: FieldProps) {
  return (
    <Labelled name={name} label={label} hint={hint} complaint={complaint}>
      <input
        {...input}
        {...(code ? exactly : {})}
        {...described(name, hint, complaint)}
        id={name}
        name={name}
        type={type}
        class={code ? 'code' : undefined}
      />
    </Labelled>
  );
}

/** A labelled text of several lines, typed exactly. */
export function TextArea(
  props: LabelledProps & { readonly value: string; readonly rows: number; readonly required?: boolean },
) {
  const { name, label, hint, complaint, value, ...area } = props;
  return (
    <Labelled name={name} label={label} hint={hint} complaint={complaint}>
      <textarea
        {...area}
        {...exactly}
        {...described(name, hint, complaint)}
        id={name}
        name={name}
        class="code"
      >
        {value}
      </textarea>
    </Labelled>
  );
}

/** A labelled choice of one. */
export function Select(
  props: LabelledProps & {
    readonly id?: string;
    readonly selected: string;
    readonly options: readonly { readonly value: string; readonly label: string }[];
  },
) {
  const { name, label, hint, complaint, selected, options, id = name } = props;
  return (
    <Labelled name={id} label={label} hint={hint} complaint={complaint}>
      <select id={id} name={name} {...described(id, hint, complaint)}>
        {options.map((option) => (
          <option value={option.value} selected={option.value === selected}>
            {option.label}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

/** One thing that can be switched on. */
export function Tick({
  name,
  label,
  hint,
  ticked,
}: {
  readonly name: string;
  readonly label: string;
  readonly hint: Child;
  readonly ticked: boolean;
}) {
  return (
    <div class="ticks">
      <label>
        <input type="checkbox" name={name} value="on" checked={ticked} />
        <span>
          {label} <small>{hint}</small>
        </span>
      </label>
    </div>
  );
}

/** What is wrong, before the form, each complaint leading to its field. */
export function ErrorSummary({ complaints }: { readonly complaints: Complaints }) {
  const wrong = Object.entries(complaints).filter(([, complaint]) => complaint);
  if (wrong.length === 0) return null;
  return (
    <div class="notice danger" role="alert">
      <h2>That did not work yet</h2>
      <ul>
        {wrong.map(([name, complaint]) => (
          <li>
            <a href={`#${name}`}>{complaint}</a>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Whether there is anything to complain about. */
export function isInvalid(complaints: Complaints): boolean {
  return Object.values(complaints).some(Boolean);
}

const exactly = { autocapitalize: 'off', autocomplete: 'off' } as const;

function Labelled(props: LabelledProps & { readonly children?: Child }) {
  const { name, label, hint, complaint, children } = props;
  return (
    <div class="field">
      <label for={name}>{label}</label>
      {hint && (
        <p class="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      {complaint && (
        <p class="complaint" id={`${name}-complaint`}>
          {complaint}
        </p>
      )}
      {children}
    </div>
  );
}

function described(name: string, hint: unknown, complaint: unknown) {
  const ids = [hint && `${name}-hint`, complaint && `${name}-complaint`].filter(Boolean);
  return {
    'aria-describedby': ids.length > 0 ? ids.join(' ') : undefined,
    'aria-invalid': complaint ? ('true' as const) : undefined,
  };
}
