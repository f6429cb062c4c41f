import type { FieldRules, PictureTokens } from './fields.ts';
import type { MadeObject } from './objects.ts';
import type { UsageRules } from './usage.ts';

/** One thing an app may ask of a provider. */
export interface Route {
  /** `WS`: work that goes on over a WebSocket; never the method of a request. */
  readonly method: 'GET' | 'POST' | 'DELETE' | 'WS';
  /** Under the mount, with `{model}`-like places; forwarded as written here, never as the caller wrote it. */
  readonly path: string;
  /** Places of the path that name what the provider keeps: of which kind. What others hold is only found inside of that. */
  readonly kept?: Readonly<Record<string, string>>;
  /** For how many seconds after it was made that can be used, where it costs on as long as it is. */
  readonly lentFor?: number;
  /** Goes upstream behind the path, `?` included. */
  readonly query?: string;
  /** What goes upstream of the caller's own query: names, and what their values may be. Without these nothing does. */
  readonly parameters?: Readonly<Record<string, RegExp>>;
  readonly scope: string;
  readonly body: BodyRules;
  /**
   * Where the content is that moderation is about, if not in the body: there is `none`, because no model answers to it, or it
   * is `elsewhere`, in what comes later or is kept.
   */
  readonly content?: 'none' | 'elsewhere';
  /** How the length of its answer is bounded; absent where no model writes text at its own length. */
  readonly output?: OutputRules;
  readonly answer: AnswerRules;
  /** What the provider keeps because of such calls. */
  readonly makes?: readonly MadeObject[];
  /** When it has answered, the provider keeps no more what the path names. */
  readonly deletes?: true;
  /** How its usage is read; null when the call costs nothing. */
  readonly usage: UsageRules | null;
  /** What it has to do with calls that are run later, many at a time. */
  readonly batch?: BatchInputRules | BatchRunRules;
  /** How its answers tell what an earlier call came to. */
  readonly lateCost?: LateCostRules;
  /** What its largest cost goes by; absent where that is the text that is read and written. */
  readonly cost?: CostRules;
}

export type CostRules =
  /** Pictures: by how many, how large and how good they are asked for. */
  | { readonly kind: 'pictures'; readonly tokens: PictureTokens }
  /** Speech: by the characters of what is spoken, or the most tokens that a byte of it can become. */
  | { readonly kind: 'speech'; readonly field: string; readonly tokensPerByte: number }
  /** A video: by how long and how large it is. */
  | { readonly kind: 'video'; readonly rates: VideoRates }
  /** An answer in a session, spoken or written: by all that the session can have been told. */
  | { readonly kind: 'session' }
  /** The same for each call. */
  | { readonly kind: 'fee'; readonly nanoUsd: number }
  /** What is heard: by the size of the upload, or of what is behind an address. */
  | {
      readonly kind: 'heard';
      /** The most seconds of it, where it is not in the body. */
      readonly longest?: number;
      readonly address?: { readonly field: string; readonly largest: number };
    };

/** What the seconds of a video cost. */
export interface VideoRates {
  /** USD for a second, by size. */
  readonly models: readonly { readonly pattern: string; readonly bySize: Readonly<Record<string, number>> }[];
  /** Seconds that stand for a length that the call does not name. */
  readonly longest: number;
}

export type BodyRules =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'json' | 'multipart';
      readonly fields: FieldRules;
      /** A form may come as JSON, where no file is in it. */
      readonly orJson?: true;
    };

/** The body may bring calls in a file, one a line. */
export interface BatchInputRules {
  readonly kind: 'input';
  /** The field that says so, and what it says then. */
  readonly purpose: { readonly field: string; readonly is: string };
  readonly file: string;
  /** What lines may name as their `url`, and the path of the route that it stands for. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** The scope for the files that lines may name. */
  readonly filesScope: string;
}

/** It runs the calls that an earlier one has brought. */
export interface BatchRunRules {
  readonly kind: 'run';
  /** The field that names the file, */
  readonly file: string;
  /** and the one that says again what all its lines are for. */
  readonly endpoint: string;
}

/** How answers tell what an earlier call came to, which had something made that the provider works on by itself. */
export interface LateCostRules {
  /** The kind of what was made; the path names it. */
  readonly kind: string;
  readonly usage: UsageRules;
  /** What its `status` says when no more is to come. */
  readonly endings: readonly string[];
  /** What is paid of the usual price; absent: all of it. */
  readonly share?: number;
  /** Whether one that has ended and tells of no usage has cost nothing; absent: nobody knows. */
  readonly isFree?: (made: unknown) => boolean;
}

export interface OutputRules {
  /** The object of the body that holds these fields; absent: the body itself. */
  readonly within?: string;
  /** Fields of the body that bound an answer, in tokens: the one to fill in first. None: nothing bounds it. */
  readonly caps: readonly string[];
  /** What holds where none is given; absent: as much as the model can write. */
  readonly otherwise?: number;
  /** 0 has nothing written. Elsewhere it can stand for a bound that is not given. */
  readonly mayBeNone?: true;
}

export interface AnswerRules {
  /** Content types it may have; one that ends in a slash stands for the whole family. Any other is no answer. */
  readonly types: readonly string[];
  /**
   * `held`: a JSON answer is read whole before it goes on, so that a broken one is never begun. `through`: it goes on as
   * it comes, because it can be large. `file`: so does what somebody has written, and nothing is taken out of it.
   */
  readonly json: 'held' | 'through' | 'file';
  /** It is the content of what is kept. Where that holds answers, each is handed on as answers are. */
  readonly isContent?: true;
  /** No body is an answer, too. */
  readonly mayBeEmpty?: true;
  /**
   * How the last event of a stream begins, or a name that its data hold; a stream that ends without one was cut. Null when
   * there is no such mark.
   */
  readonly endings: readonly (string | { readonly holds: string })[] | null;
  /**
   * Writes a JSON answer anew from what apps may see of it; null when they may see nothing of it.
   * @param isAllowed whether the app may use a model
   */
  readonly rebuild?: (answer: unknown, isAllowed: (model: string) => boolean) => unknown;
}
