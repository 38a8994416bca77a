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
    "/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the orders */
        get: operations["listOrder"];
        put?: never;
        /**
         * Places an order
         * @description Answers when the order is paid and durable. With an Idempotency-Key a repeated request is the same order. After a 503 it is not known yet whether there is an order: ask again under the same key. (`overloaded` and `backlog` say that none was begun.)
         */
        post: operations["placeOrder"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/orders/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One order */
        get: operations["getOrder"];
        put?: never;
        post?: never;
        /**
         * Cancels an order
         * @description The payment is refunded, and the pieces go back. To cancel it again changes nothing.
         */
        delete: operations["cancelOrder"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/orders/exceptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Orders that a person has to look at */
        get: operations["listExceptions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/orders/exceptions/{id}/settled": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Notes that a person has settled it */
        post: operations["settleException"];
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
    "/profile/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The fields of one order */
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
        Exception: {
            _links: {
                exception: components["schemas"]["Link"];
                self: components["schemas"]["Link"];
            };
            exception: string;
            id: number;
            orderId: number;
            /** @enum {unknown} */
            status: "ordered" | "deliveryPrepared" | "deliverystarted" | "deliverycompleted" | "orderCanceled";
        };
        ExceptionCollection: {
            _embedded: {
                exceptions: components["schemas"]["Exception"][];
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
        Order: {
            _links: {
                order: components["schemas"]["Link"];
                self: components["schemas"]["Link"];
            };
            address: string | null;
            customerId: number | null;
            id: number;
            item: string | null;
            itemcd: number;
            orderQty: number;
            price: number;
            /** @enum {unknown} */
            status: "ordered" | "deliveryPrepared" | "deliverystarted" | "deliverycompleted" | "orderCanceled";
        };
        OrderCollection: {
            _embedded: {
                orders: components["schemas"]["Order"][];
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
                            orders: components["schemas"]["TemplatedLink"];
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
    listOrder: {
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
                    "application/json": components["schemas"]["OrderCollection"];
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
    placeOrder: {
        parameters: {
            query?: never;
            header?: {
                /** @description Kept for 24 hours, by customer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    address?: string | null;
                    customerId?: number | null;
                    item?: string | null;
                    itemcd: number;
                    orderQty: number;
                    price?: number | null;
                    status?: string | null;
                };
            };
        };
        responses: {
            /** @description The order stands. */
            201: {
                headers: {
                    /** @description The address of the new item. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
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
            /** @description The payment was refused (`payment-declined`). */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/payment-declined";
                    };
                };
            };
            /** @description There is no such product (`unknown-product`). */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unknown-product";
                    };
                };
            };
            /**
             * @description The price is not the one the product has now (`price-changed`).
             *     There are not enough pieces left (`out-of-stock`).
             *     The reservation of this order has ended (`reservation-closed`).
             *     The Idempotency-Key was used with another request (`idempotency-conflict`).
             */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/price-changed" | "/problems/out-of-stock" | "/problems/reservation-closed" | "/problems/idempotency-conflict";
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
             * @description The outcome of the payment is not known yet (`payment-unknown`).
             *     A service that this needs is not available (`peer-unavailable`).
             *     Too many events wait to be handed on (`backlog`).
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
                        type: "/problems/payment-unknown" | "/problems/peer-unavailable" | "/problems/backlog" | "/problems/overloaded" | "/problems/unavailable";
                    };
                };
            };
        };
    };
    getOrder: {
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
                    "application/json": components["schemas"]["Order"];
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
             * @description There is no such order (`unknown-order`).
             *     There is nothing here (`not-found`).
             */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unknown-order" | "/problems/not-found";
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
    cancelOrder: {
        parameters: {
            query?: {
                reason?: string;
            };
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The order is canceled. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
             * @description There is no such order (`unknown-order`).
             *     There is nothing here (`not-found`).
             */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unknown-order" | "/problems/not-found";
                    };
                };
            };
            /** @description The delivery is completed (`delivery-completed`). */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/delivery-completed";
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
    listExceptions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The open ones. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExceptionCollection"];
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
    settleException: {
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
            /** @description It is settled. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
             * @description There is no such open exception (`unknown-exception`).
             *     There is nothing here (`not-found`).
             */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unknown-exception" | "/problems/not-found";
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
                            orders: components["schemas"]["Link"];
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
