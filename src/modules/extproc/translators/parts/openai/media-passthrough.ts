import { replaceField, type EditedForm } from '../../../codec/multipart.js';
import type { ObservingExchange, Translator, TranslatorInput } from '../../translator.js';
import { azureTarget } from './azure-path.js';
import { observeMedia } from './media-observer.js';
import { openAIError, overriddenBody, prefixedPath } from './passthrough.js';

/** A cell of images or audio on OpenAI; `operation` is the path below the prefix. @see spec translators.md sections 8 and 10 */
export const mediaToOpenAI = (operation: string): Translator => ({
  start: (input) => mediaPassthrough(input, prefixedPath(input.schema.prefix, operation), overriddenMedia(input)),
});

/** The same on Azure. @see spec translators.md 18.5 */
export const mediaToAzureOpenAI = (operation: string): Translator => ({
  start(input) {
    const { path, readsModelFromBody } = azureTarget(input, operation);
    return mediaPassthrough(input, path, readsModelFromBody ? overriddenMedia(input) : {});
  },
});

function mediaPassthrough(
  input: TranslatorInput,
  path: string,
  { body, contentType }: Partial<EditedForm>,
): ObservingExchange {
  return {
    kind: 'observing',
    request: {
      path,
      sets: contentType === undefined ? [] : [{ name: 'content-type', value: contentType }],
      dropped: [],
      ...(body ? { body } : {}),
    },
    fallbackModel: input.requestModel,
    observe: observeMedia,
    error: openAIError,
  };
}

/** The client's JSON or form with the model replaced; files and all else stay as they are. */
function overriddenMedia(input: TranslatorInput): Partial<EditedForm> {
  const { form, body } = input.request;
  if (form && input.hasModelOverride) return replaceField(body, form, 'model', input.requestModel);
  const edited = form ? undefined : overriddenBody(input);
  return edited ? { body: edited } : {};
}
