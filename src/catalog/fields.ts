import type { JsonObject } from '../lib/json.ts';
import type { HostedTool } from './hosted_tool.ts';
import type { ImpliedModel } from './models.ts';
import type { KeptKind } from './objects.ts';

/** What is done about each top-level field of a request body. A field without a rule is refused. */
export type FieldRules = Readonly<Record<string, FieldRule>>;

export type FieldRule =
  /** Goes on as it is. */
  | { readonly kind: 'allow' }
  /** Is left out. */
  | { readonly kind: 'drop' }
  /** Must be left out, or null. */
  | { readonly kind: 'refuse'; readonly advice: string }
  /** Always goes on with this value, also when it was left out. */
  | { readonly kind: 'force'; readonly value: unknown }
  /** Must be one of these. `otherwise` stands in for null, for what was left out and for the values it replaces; some texts need another scope. */
  | {
      readonly kind: 'limit';
      readonly to: readonly unknown[];
      readonly scopes?: Readonly<Record<string, string>>;
      readonly otherwise?: { readonly replaces: readonly unknown[]; readonly by: unknown };
      readonly advice: string;
    }
  /** Must be a string, and not one that `not` matches. */
  | { readonly kind: 'text'; readonly not?: RegExp; readonly advice: string }
  /** The model that is asked for. */
  | { readonly kind: 'model' }
  /** A further model that the call makes use of. */
  | { readonly kind: 'other_model' }
  /** Goes on as it is, and may have the call make use of a further model. */
  | { readonly kind: 'implies_model'; readonly model: ImpliedModel }
  /** Replaced by a pseudonym of the grant, `always` or only when `given`. */
  | { readonly kind: 'pseudonym'; readonly when: 'always' | 'given' }
  /** Must be an object, whose fields have rules of their own. `always`: they apply also when it was left out. */
  | {
      readonly kind: 'object';
      readonly fields: FieldRules;
      readonly always?: true;
      /** In its place may stand the id of what the provider keeps. */
      readonly orKept?: KeptRule;
    }
  /** A list of objects, whose fields have rules of their own. `hosted`: each of them is a tool of the provider. */
  | { readonly kind: 'list'; readonly fields: FieldRules; readonly hosted?: HostedTool }
  /** Must be the model that the path names, behind `prefix` or without it; or that stands in for whatever it is. */
  | { readonly kind: 'path_model'; readonly prefix: string; readonly standsIn?: true }
  /** A list of words; one of them needs another scope. */
  | { readonly kind: 'words'; readonly scopes: Readonly<Record<string, string>> }
  /** True or false. True needs another scope; `orFalse`: what is given without that scope, or not given, goes on as false. */
  | { readonly kind: 'flag'; readonly scope: string; readonly orFalse?: true; readonly advice: string }
  /** Must be a file of a form, or a list of them: a text in its place could name what the provider keeps. */
  | { readonly kind: 'upload'; readonly advice: string }
  /** Names what the provider keeps, by an id, a list of ids, or an object that has nothing but an id. */
  | ({ readonly kind: 'kept' } & KeptRule)
  /** Anything, as long as every object in it keeps to the tree's rules. */
  | {
      readonly kind: 'tree';
      readonly tree: TreeRules;
      /** In calls that need this scope it is kept, and may offer no tools of the provider: later calls would have them unseen. */
      readonly keptWith?: string;
    }
  /** What `rule` lets through, with a further scope where it is given. */
  | {
      readonly kind: 'scoped';
      readonly scope: string;
      readonly rule: FieldRule;
      readonly hosted?: HostedTool;
    }
  /** Options of a stream, in which this one is always true when there is a stream. */
  | { readonly kind: 'usage_option'; readonly option: string; readonly fields: FieldRules };

/** Of which kind that is which is named, and what is said to calls that may not. */
export interface KeptRule {
  readonly object: KeptKind;
  readonly advice: string;
}

/** The most tokens that a picture of up to 1024 × 1024 pixels is written in, by its quality. */
export interface PictureTokens {
  readonly byQuality: Readonly<Record<string, number>>;
  /** Where the quality is left open, by patterns of models; the first that fits counts. */
  readonly open: readonly { readonly pattern: string; readonly tokens: number }[];
}

/** A tool that makes pictures, as it stands in a body. */
export interface Drawing {
  readonly tokens: PictureTokens;
  readonly tool: JsonObject;
}

/** What may appear anywhere inside a field that holds a conversation or tools. */
export interface TreeRules {
  /** Values that `type` may have. A `type` that is not among them is refused. */
  readonly types: Readonly<Record<string, TypeRule>>;
  /** Why a type is refused, by how it begins. */
  readonly refusedTypes: readonly (readonly [prefix: string, advice: string])[];
  /** Keys that no object may have, and why. */
  readonly refusedKeys: Readonly<Record<string, string>>;
  /** Those of them that may name what the provider keeps, by an id or a list of ids. */
  readonly keptKeys?: Readonly<Record<string, KeptKind>>;
  /** What an object stands for that has only an id to say what it is; absent: nothing that may be named. */
  readonly reference?: KeptKind;
  /** An object with an id stands for what the provider has stored under it, unless it holds what its type has it hold. */
  readonly idsAreStored?: true;
  /** Keys that name another object of the same body, by its type, or else what the provider keeps. */
  readonly answerKeys?: Readonly<Record<string, AnswerKey>>;
  /** Keys of lists in which each object says its type. */
  readonly typedLists?: readonly string[];
  /** Keys whose text must look so, wherever they stand. */
  readonly texts?: Readonly<Record<string, { readonly pattern: RegExp; readonly advice: string }>>;
  /** Keys that say as well as a type would that an object with an id is the thing itself. */
  readonly contentKeys?: readonly string[];
  /** Keys whose content is the app's own free form, such as the schema of a function, and is not looked into. */
  readonly opaqueKeys: readonly string[];
}

/** A key that says to which object this one is the answer. */
interface AnswerKey {
  readonly type: string;
  readonly kept: KeptKind;
  readonly advice: string;
}

export interface TypeRule {
  /** Needed beyond the route's own scope. */
  readonly scope?: string;
  /** To calls without this scope the type is not known. */
  readonly knownWith?: string;
  /** What its `id` names. */
  readonly names?: KeptKind;
  /** Fields of which one at least holds what it is. */
  readonly holds?: readonly string[];
  /** Models that it makes use of. */
  readonly models?: readonly ImpliedModel[];
  /** It is a tool that runs at the provider. */
  readonly hosted?: HostedTool;
  /** Its fields have rules of their own, which stand in for the tree's. */
  readonly fields?: FieldRules;
  /** It is a tool that makes pictures. */
  readonly draws?: PictureTokens;
  /**
   * A string that must be there, this one if one is named: without it the object would do more than is lent. Where it is
   * not, the object's `id` may stand for it.
   */
  readonly needs?: {
    readonly path: readonly string[];
    readonly value?: string;
    readonly orKept?: KeptKind;
    readonly advice: string;
  };
}
