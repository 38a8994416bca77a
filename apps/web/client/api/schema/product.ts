// Made from the OpenAPI document by `npm run docs`.
export interface paths {
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where to begin */
        get: operations["root"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Events that could not be handled, and those that wait behind them */
        get: operations["listDeadLetters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One of them, with what it says and what waits behind it */
        get: operations["getDeadLetter"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/{id}/discarded": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives it up; its successors go on without it */
        post: operations["discardDeadLetter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/{id}/replayed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Has it tried again at once */
        post: operations["replayDeadLetter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/replayed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Has all that are parked tried again */
        post: operations["replayParkedDeadLetters"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/products": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the products */
        get: operations["listProduct"];
        put?: never;
        /**
         * Puts a product into the catalogue
         * @description Under the number `itemcd`, or the next that is free.
         */
        post: operations["createProduct"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/products/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One product */
        get: operations["getProduct"];
        /**
         * Changes a product
         * @description PUT and PATCH alike change the fields that are given.
         */
        put: operations["putProduct"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Changes a product
         * @description PUT and PATCH alike change the fields that are given.
         */
        patch: operations["patchProduct"];
        trace?: never;
    };
    "/products/{id}/movements": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the stock was changed, the newest first */
        get: operations["listMovements"];
        put?: never;
        /** Adds pieces to the stock, or takes some away */
        post: operations["moveStock"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/products/search/find": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Searches the products */
        get: operations["findProducts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/profile": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is described */
        get: operations["listProfiles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/profile/products": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The fields of one product */
        get: operations["getProfile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        DeadLetter: {
            _links: {
                "dead-letter": components["schemas"]["Link"];
                self: components["schemas"]["Link"];
            };
            attempts: number;
            discardedAt: string | null;
            /** Format: uuid */
            eventId: string;
            /** Format: date-time */
            failedAt: string;
            id: number;
            /** @description What stays in order has one key. */
            key: string;
            nextAttemptAt: string | null;
            reason: string | null;
            /** @enum {unknown} */
            state: "retrying" | "waiting" | "parked" | "discarded";
            traceId: string | null;
            /** @description The name of the event. */
            type: string;
        };
        DeadLetterCollection: {
            _embedded: {
                "dead-letters": components["schemas"]["DeadLetter"][];
            };
            _links: {
                first?: components["schemas"]["Link"];
                last?: components["schemas"]["Link"];
                next?: components["schemas"]["Link"];
                prev?: components["schemas"]["Link"];
                profile?: components["schemas"]["Link"];
                self: components["schemas"]["Link"];
            };
            page: components["schemas"]["Page"];
        };
        Link: {
            /** @description The address; for a program to follow. */
            href: string;
        };
        Page: {
            number: number;
            size: number;
            totalElements: number;
            totalPages: number;
        };
        Problem: {
            detail: string;
            errors?: {
                detail: string;
                /** @description A JSON Pointer into the body, or the name of a parameter. */
                pointer: string;
            }[];
            /** @description The path of the request. */
            instance: string;
            status: number;
            title: string;
            /** @description Finds the request in the logs. */
            traceId: string;
            /** @description Names the kind of problem; a person reads of it at this address. */
            type: string;
        };
        Product: {
            _links: {
                product: components["schemas"]["Link"];
                self: components["schemas"]["Link"];
            };
            address: null;
            availableQuantity: number;
            id: number;
            imageUrl: string | null;
            itemcd: number;
            name: string | null;
            orderId: null;
            orderQty: null;
            price: number | null;
            totalQuantity: number;
        };
        ProductCollection: {
            _embedded: {
                products: components["schemas"]["Product"][];
            };
            _links: {
                first?: components["schemas"]["Link"];
                last?: components["schemas"]["Link"];
                next?: components["schemas"]["Link"];
                prev?: components["schemas"]["Link"];
                profile?: components["schemas"]["Link"];
                self: components["schemas"]["Link"];
            };
            page: components["schemas"]["Page"];
        };
        TemplatedLink: {
            /** @description A URI template (RFC 6570). */
            href: string;
            /** @constant */
            templated: true;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    root: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Links to what there is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        _links: {
                            products: components["schemas"]["TemplatedLink"];
                            profile: components["schemas"]["Link"];
                        };
                    };
                };
            };
            /** @description Something failed here (`internal-error`). */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/internal-error";
                    };
                };
            };
            /**
             * @description Too many requests are waiting (`overloaded`).
             *     The service is not available (`unavailable`).
             */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/overloaded" | "/problems/unavailable";
                    };
                };
            };
        };
    };
    listDeadLetters: {
        parameters: {
            query?: {
                key?: string;
                page?: number;
                size?: number;
                state?: "retrying" | "waiting" | "parked" | "discarded";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page, with links to its neighbours. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterCollection"];
                };
            };
            /**
             * @description The request cannot be read (`malformed-request`).
             *     The request has invalid fields (`invalid-request`).
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/malformed-request" | "/problems/invalid-request";
                    };
                };
            };
            /** @description There is nothing here (`not-found`). */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/not-found";
                    };
                };
            };
            /** @description Something failed here (`internal-error`). */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/internal-error";
                    };
                };
            };
            /**
             * @description Too many requests are waiting (`overloaded`).
             *     The service is not available (`unavailable`).
             */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/overloaded" | "/problems/unavailable";
                    };
                };
            };
        };
    };
    getDeadLetter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It, with its links. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetter"] & {
                        _embedded: {
                            successors: components["schemas"]["DeadLetter"][];
                        };
                        /** @description The event as it is on the wire. */
                        payload: string;
                        stack: string | null;
                    };
                };
            };
            /**
             * @description The request cannot be read (`malformed-request`).
             *     The request has invalid fields (`invalid-request`).
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/malformed-request" | "/problems/invalid-request";
                    };
                };
            };
            /**
             * @description There is no such dead letter (`unknown-dead-letter`).
             *     There is nothing here (`not-found`).
             */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unknown-dead-letter" | "/problems/not-found";
                    };
                };
            };
            /** @description Something failed here (`internal-error`). */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/internal-error";
                    };
                };
            };
            /**
             * @description Too many requests are waiting (`overloaded`).
             *     The service is not available (`unavailable`).
             */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/overloaded" | "/problems/unavailable";
                    };
                };
            };
        };
    };
    discardDeadLetter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    reason: string;
                    /** @default false */
                    successors?: boolean;
                };
            };
        };
        responses: {
            /** @description Which are given up. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        discarded: number[];
                    };
                };
            };
            /**
             * @description The request cannot be read (`malformed-request`).
             *     The request has invalid fields (`invalid-request`).
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/malformed-request" | "/problems/invalid-request";
                    };
                };
            };
            /**
             * @description There is no such dead letter (`unknown-dead-letter`).
             *     There is nothing here (`not-found`).
             */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unknown-dead-letter" | "/problems/not-found";
                    };
                };
            };
            /** @description The dead letter is not in the state for this (`dead-letter-conflict`). */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/dead-letter-conflict";
                    };
                };
            };
            /** @description The body is larger than 64 KiB (`body-too-large`). */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/body-too-large";
                    };
                };
            };
            /** @description The body is not JSON (`unsupported-media-type`). */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unsupported-media-type";
                    };
                };
            };
            /** @description Something failed here (`internal-error`). */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/internal-error";
                    };
                };
            };
            /**
             * @description Too many requests are waiting (`overloaded`).
             *     The service is not available (`unavailable`).
             */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/overloaded" | "/problems/unavailable";
                    };
                };
            };
        };
    };
    replayDeadLetter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Which are tried. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        replayed: number[];
                    };
                };
            };
            /**
             * @description The request cannot be read (`malformed-request`).
             *     The request has invalid fields (`invalid-request`).
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/malformed-request" | "/problems/invalid-request";
                    };
                };
            };
            /**
             * @description There is no such dead letter (`unknown-dead-letter`).
             *     There is nothing here (`not-found`).
             */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unknown-dead-letter" | "/problems/not-found";
                    };
                };
            };
            /** @description The dead letter is not in the state for this (`dead-letter-conflict`). */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/dead-letter-conflict";
                    };
                };
            };
            /** @description The body is larger than 64 KiB (`body-too-large`). */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/body-too-large";
                    };
                };
            };
            /** @description The body is not JSON (`unsupported-media-type`). */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unsupported-media-type";
                    };
                };
            };
            /** @description Something failed here (`internal-error`). */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/internal-error";
                    };
                };
            };
            /**
             * @description Too many requests are waiting (`overloaded`).
             *     The service is not available (`unavailable`).
             */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/overloaded" | "/problems/unavailable";
                    };
                };
            };
        };
    };
    replayParkedDeadLetters: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Which are tried. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        replayed: number[];
                    };
                };
            };
            /** @description The request cannot be read (`malformed-request`). */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/malformed-request";
                    };
                };
            };
            /** @description There is nothing here (`not-found`). */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/not-found";
                    };
                };
            };
            /** @description The body is larger than 64 KiB (`body-too-large`). */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/body-too-large";
                    };
                };
            };
            /** @description The body is not JSON (`unsupported-media-type`). */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unsupported-media-type";
                    };
                };
            };
            /** @description Something failed here (`internal-error`). */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/internal-error";
                    };
                };
            };
            /**
             * @description Too many requests are waiting (`overloaded`).
             *     The service is not available (`unavailable`).
             */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/overloaded" | "/problems/unavailable";
                    };
                };
            };
        };
    };
    listProduct: {
        parameters: {
            query?: {
                page?: number;
                size?: number;
                /** @description A field, and perhaps `,asc` or `,desc`; may be given twice. */
                sort?: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page, with links to its neighbours. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProductCollection"];
                };
            };
            /**
             * @description The request cannot be read (`malformed-request`).
             *     The request has invalid fields (`invalid-request`).
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/malformed-request" | "/problems/invalid-request";
                    };
                };
            };
            /** @description Something failed here (`internal-error`). */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/internal-error";
                    };
                };
            };
            /**
             * @description Too many requests are waiting (`overloaded`).
             *     The service is not available (`unavailable`).
             */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/overloaded" | "/problems/unavailable";
                    };
                };
            };
        };
    };
    createProduct: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    _links?: unknown;
                    address?: unknown;
                    availableQuantity?: unknown;
                    id?: number | null;
                    imageUrl?: string | null;
                    itemcd?: number | null;
                    name?: string | null;
                    orderId?: unknown;
                    orderQty?: unknown;
                    price?: number | null;
                    totalQuantity?: number;
                };
            };
        };
        responses: {
            /** @description The product is there. */
            201: {
                headers: {
                    /** @description The version, for If-Match. */
                    ETag?: string;
                    /** @description The address of the new item. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
            /**
             * @description The request cannot be read (`malformed-request`).
             *     The request has invalid fields (`invalid-request`).
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/malformed-request" | "/problems/invalid-request";
                    };
                };
            };
            /** @description The product exists already (`product-exists`). */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/product-exists";
                    };
                };
            };
            /** @description The body is larger than 64 KiB (`body-too-large`). */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/body-too-large";
                    };
                };
            };
            /** @description The body is not JSON (`unsupported-media-type`). */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unsupported-media-type";
                    };
                };
            };
            /** @description Something failed here (`internal-error`). */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/internal-error";
                    };
                };
            };
            /**
             * @description Too many events wait to be handed on (`backlog`).
             *     Too many requests are waiting (`overloaded`).
             *     The service is not available (`unavailable`).
             */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/backlog" | "/problems/overloaded" | "/problems/unavailable";
                    };
                };
            };
        };
    };
    getProduct: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It, with its links. */
            200: {
                headers: {
                    /** @description The version, for If-Match. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
            /**
             * @description The request cannot be read (`malformed-request`).
             *     The request has invalid fields (`invalid-request`).
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/malformed-request" | "/problems/invalid-request";
                    };
                };
            };
            /**
             * @description There is no such product (`unknown-product`).
             *     There is nothing here (`not-found`).
             */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unknown-product" | "/problems/not-found";
                    };
                };
            };
            /** @description Something failed here (`internal-error`). */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/internal-error";
                    };
                };
            };
            /**
             * @description Too many requests are waiting (`overloaded`).
             *     The service is not available (`unavailable`).
             */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/overloaded" | "/problems/unavailable";
                    };
                };
            };
        };
    };
    putProduct: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag that the product was read with, or `*`. */
                "If-Match"?: string;
            };
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    _links?: unknown;
                    address?: unknown;
                    availableQuantity?: unknown;
                    id?: number | null;
                    imageUrl?: string | null;
                    itemcd?: number | null;
                    name?: string | null;
                    orderId?: unknown;
                    orderQty?: unknown;
                    price?: number | null;
                    totalQuantity?: number;
                };
            };
        };
        responses: {
            /** @description The product as it is now. */
            200: {
                headers: {
                    /** @description The version, for If-Match. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
            /**
             * @description The request cannot be read (`malformed-request`).
             *     The request has invalid fields (`invalid-request`).
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/malformed-request" | "/problems/invalid-request";
                    };
                };
            };
            /**
             * @description There is no such product (`unknown-product`).
             *     There is nothing here (`not-found`).
             */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unknown-product" | "/problems/not-found";
                    };
                };
            };
            /** @description The stock cannot change by that much (`stock-conflict`). */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/stock-conflict";
                    };
                };
            };
            /** @description The resource changed since it was read (`stale-etag`). */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/stale-etag";
                    };
                };
            };
            /** @description The body is larger than 64 KiB (`body-too-large`). */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/body-too-large";
                    };
                };
            };
            /** @description The body is not JSON (`unsupported-media-type`). */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unsupported-media-type";
                    };
                };
            };
            /** @description Something failed here (`internal-error`). */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/internal-error";
                    };
                };
            };
            /**
             * @description Too many events wait to be handed on (`backlog`).
             *     Too many requests are waiting (`overloaded`).
             *     The service is not available (`unavailable`).
             */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/backlog" | "/problems/overloaded" | "/problems/unavailable";
                    };
                };
            };
        };
    };
    patchProduct: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag that the product was read with, or `*`. */
                "If-Match"?: string;
            };
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    _links?: unknown;
                    address?: unknown;
                    availableQuantity?: unknown;
                    id?: number | null;
                    imageUrl?: string | null;
                    itemcd?: number | null;
                    name?: string | null;
                    orderId?: unknown;
                    orderQty?: unknown;
                    price?: number | null;
                    totalQuantity?: number;
                };
            };
        };
        responses: {
            /** @description The product as it is now. */
            200: {
                headers: {
                    /** @description The version, for If-Match. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
            /**
             * @description The request cannot be read (`malformed-request`).
             *     The request has invalid fields (`invalid-request`).
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/malformed-request" | "/problems/invalid-request";
                    };
                };
            };
            /**
             * @description There is no such product (`unknown-product`).
             *     There is nothing here (`not-found`).
             */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unknown-product" | "/problems/not-found";
                    };
                };
            };
            /** @description The stock cannot change by that much (`stock-conflict`). */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/stock-conflict";
                    };
                };
            };
            /** @description The resource changed since it was read (`stale-etag`). */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/stale-etag";
                    };
                };
            };
            /** @description The body is larger than 64 KiB (`body-too-large`). */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/body-too-large";
                    };
                };
            };
            /** @description The body is not JSON (`unsupported-media-type`). */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unsupported-media-type";
                    };
                };
            };
            /** @description Something failed here (`internal-error`). */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/internal-error";
                    };
                };
            };
            /**
             * @description Too many events wait to be handed on (`backlog`).
             *     Too many requests are waiting (`overloaded`).
             *     The service is not available (`unavailable`).
             */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/backlog" | "/problems/overloaded" | "/problems/unavailable";
                    };
                };
            };
        };
    };
    listMovements: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description At most 1000. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        _embedded: {
                            movements: {
                                /** Format: date-time */
                                at: string;
                                id: number;
                                quantity: number;
                                reason: string;
                            }[];
                        };
                    };
                };
            };
            /**
             * @description The request cannot be read (`malformed-request`).
             *     The request has invalid fields (`invalid-request`).
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/malformed-request" | "/problems/invalid-request";
                    };
                };
            };
            /**
             * @description There is no such product (`unknown-product`).
             *     There is nothing here (`not-found`).
             */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unknown-product" | "/problems/not-found";
                    };
                };
            };
            /** @description Something failed here (`internal-error`). */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/internal-error";
                    };
                };
            };
            /**
             * @description Too many requests are waiting (`overloaded`).
             *     The service is not available (`unavailable`).
             */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/overloaded" | "/problems/unavailable";
                    };
                };
            };
        };
    };
    moveStock: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    quantity: number;
                    reason: string;
                };
            };
        };
        responses: {
            /** @description The product as it is now. */
            200: {
                headers: {
                    /** @description The version, for If-Match. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
            /**
             * @description The request cannot be read (`malformed-request`).
             *     The request has invalid fields (`invalid-request`).
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/malformed-request" | "/problems/invalid-request";
                    };
                };
            };
            /**
             * @description There is no such product (`unknown-product`).
             *     There is nothing here (`not-found`).
             */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unknown-product" | "/problems/not-found";
                    };
                };
            };
            /** @description The stock cannot change by that much (`stock-conflict`). */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/stock-conflict";
                    };
                };
            };
            /** @description The body is larger than 64 KiB (`body-too-large`). */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/body-too-large";
                    };
                };
            };
            /** @description The body is not JSON (`unsupported-media-type`). */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unsupported-media-type";
                    };
                };
            };
            /** @description Something failed here (`internal-error`). */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/internal-error";
                    };
                };
            };
            /**
             * @description Too many events wait to be handed on (`backlog`).
             *     Too many requests are waiting (`overloaded`).
             *     The service is not available (`unavailable`).
             */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/backlog" | "/problems/overloaded" | "/problems/unavailable";
                    };
                };
            };
        };
    };
    findProducts: {
        parameters: {
            query?: {
                after?: number;
                availableBelow?: number;
                q?: string;
                size?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of what was found, with a link to the next one if there may be one. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        _embedded: {
                            products: components["schemas"]["Product"][];
                        };
                        _links: {
                            next?: {
                                href: string;
                            };
                            self: {
                                href: string;
                            };
                        };
                        page: {
                            size: number;
                        };
                    };
                };
            };
            /**
             * @description The request cannot be read (`malformed-request`).
             *     The request has invalid fields (`invalid-request`).
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/malformed-request" | "/problems/invalid-request";
                    };
                };
            };
            /** @description Something failed here (`internal-error`). */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/internal-error";
                    };
                };
            };
            /**
             * @description Too many requests are waiting (`overloaded`).
             *     The service is not available (`unavailable`).
             */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/overloaded" | "/problems/unavailable";
                    };
                };
            };
        };
    };
    listProfiles: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Links to the descriptions. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        _links: {
                            products: components["schemas"]["Link"];
                            self: components["schemas"]["Link"];
                        };
                    };
                };
            };
            /** @description Something failed here (`internal-error`). */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/internal-error";
                    };
                };
            };
            /**
             * @description Too many requests are waiting (`overloaded`).
             *     The service is not available (`unavailable`).
             */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/overloaded" | "/problems/unavailable";
                    };
                };
            };
        };
    };
    getProfile: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An ALPS description. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        alps: {
                            descriptor: {
                                descriptor: {
                                    name: string;
                                    type: string;
                                }[];
                                href: string;
                                id: string;
                            }[];
                            version: string;
                        };
                    };
                };
            };
            /** @description Something failed here (`internal-error`). */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/internal-error";
                    };
                };
            };
            /**
             * @description Too many requests are waiting (`overloaded`).
             *     The service is not available (`unavailable`).
             */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/overloaded" | "/problems/unavailable";
                    };
                };
            };
        };
    };
}
