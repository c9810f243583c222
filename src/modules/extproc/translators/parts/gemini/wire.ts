import type { JsonObject, JsonValue } from '../../../codec/json-value.js';

/*
 * What goes to Vertex AI, `v1` of `generateContent` and `countTokens`: the members that we write, no others.
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
 * @see spec translators.md 5.8 and 18.2
 */

export interface GeminiRequest {
  readonly contents?: readonly GeminiContent[];
  readonly systemInstruction?: { readonly parts: readonly GeminiPart[] };
  readonly tools?: readonly GeminiTool[];
  readonly toolConfig?: GeminiToolConfig;
  readonly generationConfig?: GenerationConfig;
  /** As the client wrote it. */
  readonly safetySettings?: JsonValue;
}

export interface GeminiContent {
  readonly role: 'user' | 'model';
  /** Never empty: Gemini refuses that. */
  readonly parts: readonly GeminiPart[];
}

/** One of `text`, `inlineData`, `fileData`, `functionCall` and `functionResponse`, and what goes with it. */
export interface GeminiPart {
  readonly text?: string;
  readonly thought?: true;
  /** Base64. */
  readonly thoughtSignature?: string;
  readonly inlineData?: InlineData;
  readonly fileData?: { readonly mimeType: string; readonly fileUri: string };
  readonly mediaResolution?: { readonly level: string };
  readonly functionCall?: { readonly name: string; readonly args: JsonObject };
  readonly functionResponse?: FunctionResponse;
}

/** `data` is base64. */
export interface InlineData {
  readonly mimeType: string;
  readonly data: string;
}

export interface FunctionResponse {
  readonly name: string;
  readonly response: JsonObject;
  /** From Gemini 3 on. */
  readonly parts?: readonly { readonly inlineData: InlineData }[];
}

export interface GeminiTool {
  readonly functionDeclarations?: readonly FunctionDeclaration[];
  readonly googleSearch?: JsonObject;
  readonly enterpriseWebSearch?: JsonObject;
}

export interface FunctionDeclaration {
  readonly name: string;
  readonly description?: string;
  /** A JSON schema. */
  readonly parametersJsonSchema?: JsonValue;
  /** A schema of Gemini's own kind. */
  readonly parameters?: JsonObject;
}

export interface GeminiToolConfig {
  readonly functionCallingConfig: {
    readonly mode: 'AUTO' | 'NONE' | 'ANY';
    readonly allowedFunctionNames?: readonly string[];
  };
}

export interface GenerationConfig {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly seed?: number;
  readonly logprobs?: number;
  readonly responseLogprobs?: boolean;
  readonly candidateCount?: number;
  readonly maxOutputTokens?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly stopSequences?: readonly string[];
  readonly responseMimeType?: string;
  /** A schema of Gemini's own kind. */
  readonly responseSchema?: JsonObject;
  /** A JSON schema. */
  readonly responseJsonSchema?: JsonValue;
  readonly thinkingConfig?: ThinkingConfig;
  readonly mediaResolution?: string;
  readonly responseModalities?: readonly string[];
  readonly imageConfig?: ImageConfig;
}

/** Of models that draw. */
export interface ImageConfig {
  readonly aspectRatio?: string;
  readonly imageSize?: string;
  readonly imageOutputOptions?: ImageOutputOptions;
}

/** The quality is a percentage, of JPEG only. */
export interface ImageOutputOptions {
  readonly mimeType: string;
  readonly compressionQuality?: number;
}

/** A budget and a level exclude each other. */
export interface ThinkingConfig {
  readonly includeThoughts?: boolean;
  /** Tokens; -1: as many as the model likes. */
  readonly thinkingBudget?: number;
  readonly thinkingLevel?: ThinkingLevel;
}

export type ThinkingLevel = 'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH';
