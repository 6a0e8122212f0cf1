import type { INestApplication } from '@nestjs/common';
import { SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { openApiDocument, type JsonDocument } from '@plumbline/contracts';

/** The contract's document, with servers relative to wherever it is read. */
export const documentOf = (version: string): JsonDocument => ({ ...openApiDocument(version), servers: [{ url: '/' }] });

/** The page for people, from files of our own: nothing is fetched from elsewhere. */
export function serveDocs(app: INestApplication, version: string): void {
  SwaggerModule.setup('api/docs', app, documentOf(version) as unknown as OpenAPIObject, {
    customSiteTitle: 'Plumbline API',
    raw: false,
    swaggerOptions: { tryItOutEnabled: true, validatorUrl: null },
  });
}
