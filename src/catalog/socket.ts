import type { JsonObject } from '../lib/json.ts';
import type { WireAnswer, WireError } from './failure.ts';
import type { FieldRules } from './fields.ts';
import type { Route } from './route.ts';

/** A WebSocket that an app may open with a provider. */
export interface SocketRoute {
  /** Under the mount; forwarded as written here, never as the caller wrote it. */
  readonly path: string;
  /** The one thing that the query has to say, a `{model}` or a word; null when it says nothing. No other name goes upstream. */
  readonly query: { readonly name: string; readonly value: string } | null;
  /** With one of these names in its query it is something else, which is not lent. */
  readonly neverWith: readonly string[];
  readonly scope: string;
  /** How pages open it, which can send no header; null where they cannot. */
  readonly subprotocol: { readonly name: string; readonly tokenPrefix: string } | null;
  /** What an app may send besides what asks for work, by type. A type that is not among them is refused. */
  readonly frames: Readonly<Record<string, FrameRules>>;
  /** What goes on over the socket and is paid for; each piece of it is a call. */
  readonly work: readonly SocketWork[];
  /** How the session is told the longest answer that is allowed, in tokens; absent where each frame says so for itself. */
  readonly bound?: (tokens: number) => JsonObject;
  /** What apps may see of an event of the provider; null for nothing. */
  readonly shown: (event: JsonObject) => JsonObject | null;
  /** A refusal as an event in the provider's own shape. */
  readonly errorEvent: (error: WireError, answer: FrameAnswer) => JsonObject;
}

/** What goes to the app beside a refusal of its frame. */
export interface FrameAnswer extends WireAnswer {
  /** The app's own id of the frame; null where it gave none, or where no frame is to blame. */
  readonly eventId: string | null;
}

/** A frame that an app may send. */
export interface FrameRules {
  readonly fields: FieldRules;
  /** Where it says how long answers may get, in tokens or as the word for no bound. */
  readonly cap?: { readonly path: readonly string[]; readonly none: string };
  /** It hands in what is worked on, so that there has to be such work. */
  readonly feeds?: true;
}

/** Work of one kind. */
export interface SocketWork {
  /** How each piece of it is admitted, metered and put on record. */
  readonly route: Route;
  /**
   * `asked`: each frame of this type asks for a piece, with the rest of the frame as its body. `standing`: the provider may
   * begin one by itself at any time; `from` is where the session says with which model, and without it there is none: null
   * is the model that the query names.
   */
  readonly trigger:
    | { readonly kind: 'asked'; readonly by: string }
    | { readonly kind: 'standing'; readonly from: readonly string[] | null };
  /** Types of frames, of either side, from which on a piece can cost something. */
  readonly begins: readonly string[];
  /** Types of the provider's events that end a piece. */
  readonly ends: readonly string[];
}
