import { cancelBatch, createBatch, retrieveBatch } from './endpoints/batches.ts';
import {
  createContainer,
  createContainerFile,
  deleteContainer,
  deleteContainerFile,
  listContainerFiles,
  retrieveContainer,
  retrieveContainerContent,
  retrieveContainerFile,
} from './endpoints/containers.ts';
import {
  createConversation,
  createItems,
  deleteConversation,
  deleteItem,
  listItems,
  retrieveConversation,
  retrieveItem,
  updateConversation,
} from './endpoints/conversations.ts';
import {
  addPart,
  cancelUpload,
  completeUpload,
  createFile,
  createUpload,
  deleteFile,
  retrieveFile,
  retrieveFileContent,
} from './endpoints/files.ts';
import {
  cancelResponse,
  deleteResponse,
  listInputItems,
  retrieveResponse,
} from './endpoints/kept_responses.ts';
import {
  attachFile,
  attachFiles,
  createVectorStore,
  deleteVectorStore,
  detachFile,
  listAttached,
  listFileBatch,
  retrieveAttached,
  retrieveAttachedContent,
  retrieveFileBatch,
  retrieveVectorStore,
  searchVectorStore,
  updateAttached,
  updateVectorStore,
} from './endpoints/vector_stores.ts';
import {
  createCharacter,
  createVideo,
  deleteVideo,
  editVideo,
  remixVideo,
  retrieveCharacter,
  retrieveVideo,
  retrieveVideoContent,
} from './endpoints/videos.ts';
import type { Route } from './route.ts';

const read = { method: 'GET', paid: false, body: 'none' } as const;
const write = { method: 'POST', paid: false, body: 'json' } as const;
const upload = { ...write, body: 'multipart' } as const;
const act = { ...write, body: 'none' } as const;
const erase = { method: 'DELETE', paid: false, body: 'none' } as const;

const store = '/vector_stores/{vector_store_id}';

/** What OpenAI does with what it keeps. */
export const keptRoutes: readonly Route[] = [
  { ...read, path: '/responses/{response_id}', keep: retrieveResponse },
  { ...erase, path: '/responses/{response_id}', keep: deleteResponse },
  { ...act, path: '/responses/{response_id}/cancel', keep: cancelResponse },
  { ...read, path: '/responses/{response_id}/input_items', keep: listInputItems },
  { ...write, path: '/conversations', keep: createConversation },
  { ...read, path: '/conversations/{conversation_id}', keep: retrieveConversation },
  { ...write, path: '/conversations/{conversation_id}', keep: updateConversation },
  { ...erase, path: '/conversations/{conversation_id}', keep: deleteConversation },
  { ...read, path: '/conversations/{conversation_id}/items', keep: listItems },
  { ...write, path: '/conversations/{conversation_id}/items', keep: createItems },
  { ...read, path: '/conversations/{conversation_id}/items/{item_id}', keep: retrieveItem },
  { ...erase, path: '/conversations/{conversation_id}/items/{item_id}', keep: deleteItem },
  { ...write, paid: true, path: '/containers', keep: createContainer },
  { ...read, path: '/containers/{container_id}', keep: retrieveContainer },
  { ...erase, path: '/containers/{container_id}', keep: deleteContainer },
  { ...write, body: 'either', path: '/containers/{container_id}/files', keep: createContainerFile },
  { ...erase, path: '/containers/{container_id}/files/{file_id}', keep: deleteContainerFile },
  { ...read, path: '/containers/{container_id}/files', keep: listContainerFiles },
  { ...read, path: '/containers/{container_id}/files/{file_id}', keep: retrieveContainerFile },
  { ...read, path: '/containers/{container_id}/files/{file_id}/content', keep: retrieveContainerContent },
  { ...upload, path: '/files', keep: createFile },
  { ...read, path: '/files/{file_id}', keep: retrieveFile },
  { ...read, path: '/files/{file_id}/content', keep: retrieveFileContent },
  { ...erase, path: '/files/{file_id}', keep: deleteFile },
  { ...write, path: '/uploads', keep: createUpload },
  { ...upload, path: '/uploads/{upload_id}/parts', keep: addPart },
  { ...write, path: '/uploads/{upload_id}/complete', keep: completeUpload },
  { ...act, path: '/uploads/{upload_id}/cancel', keep: cancelUpload },
  { ...write, path: '/vector_stores', keep: createVectorStore },
  { ...read, path: store, keep: retrieveVectorStore },
  { ...write, path: store, keep: updateVectorStore },
  { ...erase, path: store, keep: deleteVectorStore },
  { ...write, path: `${store}/search`, keep: searchVectorStore },
  { ...read, path: `${store}/files`, keep: listAttached },
  { ...write, path: `${store}/files`, keep: attachFile },
  { ...read, path: `${store}/files/{file_id}`, keep: retrieveAttached },
  { ...write, path: `${store}/files/{file_id}`, keep: updateAttached },
  { ...erase, path: `${store}/files/{file_id}`, keep: detachFile },
  { ...read, path: `${store}/files/{file_id}/content`, keep: retrieveAttachedContent },
  { ...write, path: `${store}/file_batches`, keep: attachFiles },
  { ...read, path: `${store}/file_batches/{batch_id}`, keep: retrieveFileBatch },
  { ...act, path: `${store}/file_batches/{batch_id}/cancel`, keep: retrieveFileBatch },
  { ...read, path: `${store}/file_batches/{batch_id}/files`, keep: listFileBatch },
  { ...write, path: '/batches', keep: createBatch },
  { ...read, path: '/batches/{batch_id}', keep: retrieveBatch },
  { ...act, path: '/batches/{batch_id}/cancel', keep: cancelBatch },
  { ...upload, paid: true, path: '/videos', keep: createVideo },
  { ...upload, paid: true, path: '/videos/edits', keep: editVideo },
  { ...upload, paid: true, path: '/videos/extensions', keep: editVideo },
  { ...upload, path: '/videos/characters', keep: createCharacter },
  { ...write, paid: true, path: '/videos/{video_id}/remix', keep: remixVideo },
  { ...read, path: '/videos/{video_id}', keep: retrieveVideo },
  { ...read, path: '/videos/{video_id}/content', keep: retrieveVideoContent },
  { ...erase, path: '/videos/{video_id}', keep: deleteVideo },
  { ...read, path: '/videos/characters/{character_id}', keep: retrieveCharacter },
];
