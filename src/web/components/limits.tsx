import { findProvider } from '../../catalog/catalog.ts';
import type { Provider } from '../../catalog/provider.ts';
import type { ProviderAccess } from '../../store/records.ts';
import { type LimitName, type LimitTexts, limitField, limitTexts, periods } from '../limits.ts';
import { type Complaints, Field, TextArea } from './form.tsx';

const periodLabels = { day: 'A day', week: 'A week', month: 'A month', total: 'In total' };

/** Fields for the limits on one provider. */
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
    const name = limitField(provider.name, limit);
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
  const number = { inputmode: 'numeric', autocomplete: 'off' } as const;
  const spendingHint = `${provider.name}_spending-hint`;
  return (
    <>
      <TextArea
        {...field(
          'models',
          'One on each line, or with commas between. A * at the end stands for any ending.',
        )}
        label="Models"
        value={texts.models}
        rows={2}
      />
      <Field
        {...field('requests', 'On all your devices together.')}
        {...number}
        label="Requests a minute"
        value={texts.requests}
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
      <fieldset class="amounts" aria-describedby={spendingHint}>
        <legend>Spending limits, in US dollars</legend>
        <p class="hint" id={spendingHint}>
          Kept, not yet enforced: for now calls go through beyond them. Set a limit at {provider.title} too.
        </p>
        {periods.map((period) => (
          <Field
            {...field(period)}
            label={periodLabels[period]}
            value={texts[period]}
            inputmode="decimal"
            autocomplete="off"
          />
        ))}
      </fieldset>
    </>
  );
}

/** What a field holds, outside of it. */
function inWords(limit: LimitName, text: string): string {
  if (text === '') return 'no limit';
  if (limit === 'models') return text.replaceAll('\n', ', ');
  return limit === 'requests' || limit === 'tokens' ? text : `$${text}`;
}

const list = new Intl.ListFormat('en-GB');

/** The limits on each provider: "OpenAI: only gpt-5*; at most 60 requests a minute and $5.00 a month (…)". */
export function limitsInWords(details: readonly ProviderAccess[]): readonly string[] {
  return details.map((access) => {
    const texts = limitTexts(access);
    const say = (limit: LimitName, after: string) =>
      texts[limit] === '' ? [] : [`${inWords(limit, texts[limit])} ${after}`];
    const spending = periods.flatMap((period) => say(period, periodLabels[period].toLowerCase()));
    const most = [...say('requests', 'requests a minute'), ...say('tokens', 'tokens an answer'), ...spending];
    const parts = [
      ...(texts.models === '' ? [] : [`only ${inWords('models', texts.models)}`]),
      ...(most.length === 0 ? [] : [`at most ${list.format(most)}`]),
    ];
    const note = spending.length === 0 ? '' : ' (spending not yet enforced)';
    return `${findProvider(access.provider)?.title ?? access.provider}: ${parts.join('; ')}${note}`;
  });
}
