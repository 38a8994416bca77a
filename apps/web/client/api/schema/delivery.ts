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
    "/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the deliveries */
        get: operations["listDelivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deliveries/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One delivery */
        get: operations["getDelivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deliveries/{id}/deliverycompleted": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reports that a delivery has arrived
         * @description For the carrier; to report it again changes nothing.
         */
        post: operations["completeDelivery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deliveries/{id}/deliverystarted": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reports that a delivery is on its way
         * @description For the carrier; to report it again changes nothing.
         */
        post: operations["startDelivery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deliveries/search/find": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Searches the deliveries */
        get: operations["findDeliveries"];
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
    "/profile/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The fields of one delivery */
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
        Delivery: {
            _links: {
                delivery: components["schemas"]["Link"];
                self: components["schemas"]["Link"];
            };
            address: string | null;
            carrier: string | null;
            customerId: number | null;
            id: number;
            orderId: number;
            price: number | null;
            productName: string | null;
            qtyp: number | null;
            /** @enum {unknown} */
            status: "deliveryRequested" | "deliverystarted" | "deliverycompleted" | "deliveryCanceled";
            trackingNumber: string | null;
        };
        DeliveryCollection: {
            _embedded: {
                deliveries: components["schemas"]["Delivery"][];
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
                            deliveries: components["schemas"]["TemplatedLink"];
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
    listDelivery: {
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
                    "application/json": components["schemas"]["DeliveryCollection"];
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
    getDelivery: {
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
                    "application/json": components["schemas"]["Delivery"];
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
             * @description There is no such delivery (`unknown-delivery`).
             *     There is nothing here (`not-found`).
             */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unknown-delivery" | "/problems/not-found";
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
    completeDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    carrier?: string | null;
                    trackingNumber?: string | null;
                } | null;
            };
        };
        responses: {
            /** @description The delivery as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
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
             * @description There is no such delivery (`unknown-delivery`).
             *     There is nothing here (`not-found`).
             */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unknown-delivery" | "/problems/not-found";
                    };
                };
            };
            /** @description The delivery is not in the state for this step (`delivery-step-conflict`). */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/delivery-step-conflict";
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
    startDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    carrier?: string | null;
                    trackingNumber?: string | null;
                } | null;
            };
        };
        responses: {
            /** @description The delivery as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
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
             * @description There is no such delivery (`unknown-delivery`).
             *     There is nothing here (`not-found`).
             */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unknown-delivery" | "/problems/not-found";
                    };
                };
            };
            /** @description The delivery is not in the state for this step (`delivery-step-conflict`). */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/delivery-step-conflict";
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
    findDeliveries: {
        parameters: {
            query?: {
                after?: number;
                customerId?: number;
                orderId?: number;
                size?: number;
                status?: "deliveryRequested" | "deliverystarted" | "deliverycompleted" | "deliveryCanceled";
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
                            deliveries: components["schemas"]["Delivery"][];
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
                            deliveries: components["schemas"]["Link"];
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
