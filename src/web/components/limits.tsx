import type { Child } from 'hono/jsx';
import { findProvider } from '../../catalog/catalog.ts';
import type { Provider } from '../../catalog/provider.ts';
import type { ProviderAccess } from '../../store/records.ts';
import { type BudgetName, type BudgetTexts, budgetNames, fieldName, periods } from '../budget_texts.ts';
import { type LimitName, type LimitTexts, limitTexts } from '../limits.ts';
import { type Complaints, Field, TextArea, Tick } from './form.tsx';

export const periodWords = { day: 'a day', week: 'a week', month: 'a month', total: 'in total' };
const periodLabels = { day: 'A day', week: 'A week', month: 'A month', total: 'In total' };

const number = { inputmode: 'numeric', autocomplete: 'off' } as const;
const amount = { inputmode: 'decimal', autocomplete: 'off' } as const;

/** Fields for the limits on one provider: what most people want, and the rest folded away unless there is something to see. */
export function LimitFields(props: {
  readonly provider: Provider;
  readonly texts: LimitTexts;
  /** What holds so far; where a field says something else, its hint tells. */
  readonly held?: LimitTexts | null;
  /** What the app proposes, told likewise. */
  readonly proposed?: LimitTexts;
  readonly complaints: Complaints;
}) {
  const { provider, texts, held, proposed, complaints } = props;
  const field = (limit: LimitName, hint = '') => {
    const name = fieldName(provider.name, limit);
    const notes = [
      ...(held && held[limit] !== texts[limit] ? [`Now: ${inWords(limit, held[limit])}.`] : []),
      ...(proposed?.[limit] && proposed[limit] !== texts[limit]
        ? [`The app proposes: ${inWords(limit, proposed[limit])}.`]
        : []),
    ];
    return {
      name,
      hint: notes.length === 0 ? hint : [hint, ' ', <strong>{notes.join(' ')}</strong>],
      complaint: complaints[name],
    };
  };
  const { models: _models, month: _month, ...others } = texts;
  const isOpen = (Object.keys(others) as LimitName[]).some(
    (limit) => texts[limit] || held?.[limit] || complaints[fieldName(provider.name, limit)],
  );
  return (
    <>
      <MonthField field={field} texts={texts} />
      <TextArea
        {...field(
          'models',
          'One on each line, or with commas between. A * at the end stands for any ending.',
        )}
        label="Models"
        value={texts.models}
        rows={2}
      />
      <details class="more" open={isOpen}>
        <summary>{`More limits with ${provider.title}`}</summary>
        <BudgetFields prefix={provider.name} field={field} texts={texts} />
        <Field
          {...field('requests', 'On all your devices together.')}
          {...number}
          label="Requests a minute"
          value={texts.requests}
        />
        <Field
          {...field('at_once', 'How many may go on at once.')}
          {...number}
          label="Requests at the same time"
          value={texts.at_once}
        />
        <Field
          {...field(
            'tokens',
            'A thousand tokens are about 750 words. More than a model can write makes it refuse.',
          )}
          {...number}
          label="Longest answer, in tokens"
          value={texts.tokens}
        />
      </details>
    </>
  );
}

/** Fields for budgets that stand alone. */
export function BudgetForm(props: {
  readonly prefix: string;
  readonly texts: BudgetTexts;
  readonly complaints: Complaints;
}) {
  const { prefix, texts, complaints } = props;
  const field = (budget: BudgetName, hint = '') => {
    const name = fieldName(prefix, budget);
    return { name, hint, complaint: complaints[name] };
  };
  const isOpen = budgetNames.some((name) => name !== 'month' && (texts[name] || field(name).complaint));
  return (
    <>
      <MonthField field={field} texts={texts} />
      <details class="more" open={isOpen}>
        <summary>More limits</summary>
        <BudgetFields prefix={prefix} field={field} texts={texts} />
      </details>
    </>
  );
}

interface BudgetFieldProps {
  readonly field: (
    budget: BudgetName,
    hint?: string,
  ) => { readonly name: string; readonly hint: Child; readonly complaint: string | null | undefined };
  readonly texts: BudgetTexts;
}

/** What most people limit. */
function MonthField({ field, texts }: BudgetFieldProps) {
  return (
    <Field
      {...field('month', 'In US dollars. A call that could cost more than is left is refused.')}
      {...amount}
      label="Spending a month"
      value={texts.month}
    />
  );
}

/** Every other budget. */
function BudgetFields({ prefix, field, texts }: BudgetFieldProps & { readonly prefix: string }) {
  const hint = `${fieldName(prefix, 'calls')}-hint`;
  return (
    <>
      <fieldset class="amounts">
        <legend>Spending, in US dollars</legend>
        {periods
          .filter((period) => period !== 'month')
          .map((period) => (
            <Field {...field(period)} {...amount} label={periodLabels[period]} value={texts[period]} />
          ))}
      </fieldset>
      <Tick
        {...field(
          'strict',
          'Where the provider does not say what a call used, the most that it could have cost counts, and no estimate.',
        )}
        label="Count strictly"
        ticked={texts.strict !== ''}
      />
      <fieldset class="amounts" aria-describedby={hint}>
        <legend>Number of requests</legend>
        <p class="hint" id={hint}>
          Days, weeks (from Monday) and months are those of UTC.
        </p>
        {periods.map((period) => (
          <Field
            {...field(`calls_${period}`)}
            {...number}
            label={periodLabels[period]}
            value={texts[`calls_${period}`]}
          />
        ))}
      </fieldset>
    </>
  );
}

/** What a field holds, outside of it. */
function inWords(limit: LimitName, text: string): string {
  if (limit === 'strict') return text === '' ? 'not ticked' : 'ticked';
  if (text === '') return 'no limit';
  if (limit === 'models') return text.replaceAll('\n', ', ');
  return isAmount(limit) ? `$${text}` : text;
}

function isAmount(limit: LimitName): boolean {
  return periods.some((period) => period === limit);
}

const list = new Intl.ListFormat('en-GB');

/** The limits on each provider: "OpenAI: only gpt-5*; at most 60 requests a minute and $5.00 a month". */
export function limitsInWords(details: readonly ProviderAccess[]): readonly string[] {
  return details.map((access) => {
    const texts = limitTexts(access);
    const say = (limit: LimitName, after: string) =>
      texts[limit] === '' ? [] : [`${inWords(limit, texts[limit])} ${after}`];
    const most = [
      ...say('requests', 'requests a minute'),
      ...say('at_once', 'requests at the same time'),
      ...say('tokens', 'tokens an answer'),
      ...periods.flatMap((period) => say(`calls_${period}`, `requests ${periodWords[period]}`)),
      ...periods.flatMap((period) => say(period, periodWords[period])),
    ];
    const parts = [
      ...(texts.models === '' ? [] : [`only ${inWords('models', texts.models)}`]),
      ...(most.length === 0 ? [] : [`at most ${list.format(most)}`]),
      ...(texts.strict === '' ? [] : ['counted strictly']),
    ];
    return `${findProvider(access.provider)?.title ?? access.provider}: ${parts.join('; ')}`;
  });
}
