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
    "/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether all services agree, and what differs */
        get: operations["getAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit/orders/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happened to one order in all services */
        get: operations["getOrderStory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit/passes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Has a new pass over all orders begun */
        post: operations["beginAuditPass"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit/sagas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Orders that stand still */
        get: operations["listStandingSagas"];
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
    "/myPages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the myPages */
        get: operations["listMyPage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/myPages/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One myPage */
        get: operations["getMyPage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/myPages/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What changes in the view, as it changes
         * @description Server-sent events (WHATWG HTML, 9.2), of one customer's orders or of all. First `hello` with `{"resumed": boolean}`: whether all changes since the `Last-Event-ID` follow; if not, or if `hello` comes again, what was loaded before may be old. Then `myPage` with the present state of each order that has changed, now and then more than once, and `beat` every five seconds.
         */
        get: operations["followMyPages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/myPages/figures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many orders came, went and are open */
        get: operations["getFigures"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/myPages/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What can be searched for */
        get: operations["listSearches"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/myPages/search/find": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Searches the myPages */
        get: operations["findMyPages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/myPages/search/find.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The myPages that are searched for, as a file */
        get: operations["exportMyPages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/myPages/search/findByOrderId": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The page of an order */
        get: operations["findByOrderId"];
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
    "/profile/myPages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The fields of one myPage */
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
        MyPage: {
            _links: {
                myPage: components["schemas"]["Link"];
                self: components["schemas"]["Link"];
            };
            customerId: number | null;
            deliveryId: number | null;
            deliveryStatus: ("deliveryRequested" | "deliverystarted" | "deliverycompleted" | "deliveryCanceled") | null;
            id: number;
            item: string | null;
            itemcd: number;
            orderId: number;
            payStatus: ("approved" | "canceled" | "declined") | null;
            price: number;
            quantity: number;
            reason: string | null;
            /** @enum {unknown} */
            status: "ordered" | "deliveryPrepared" | "deliverystarted" | "deliverycompleted" | "orderCanceled";
            timeline: {
                /** Format: date-time */
                at: string;
                status: string;
            }[];
            /** Format: date-time */
            updatedAt: string;
        };
        MyPageCollection: {
            _embedded: {
                myPages: components["schemas"]["MyPage"][];
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
                            myPages: components["schemas"]["TemplatedLink"];
                            profile: components["schemas"]["Link"];
                            search: components["schemas"]["Link"];
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
    getAudit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the auditor has found so far. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        differences: {
                            detail: string;
                            kind: string;
                            /** Format: date-time */
                            since: string;
                            subject: string;
                        }[];
                        inFlight: number;
                        lastPass: {
                            beganAt: string | null;
                            endedAt: string | null;
                            number: number;
                            orders: number;
                        };
                        lookedAt: string | null;
                        pass: {
                            beganAt: string | null;
                            number: number;
                            orders: number;
                        };
                        standing: number;
                        /** @enum {unknown} */
                        status: "clean" | "differs" | "unknown";
                        total: number;
                        unreachable: string | null;
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
    getOrderStory: {
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
            /** @description Its story, and its rows as they are now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        differences: {
                            detail: string;
                            kind: string;
                            /** Format: date-time */
                            since: string;
                            subject: string;
                        }[];
                        happened: {
                            /** Format: date-time */
                            at: string;
                            /** @description What an event said. */
                            payload?: {
                                [key: string]: unknown;
                            };
                            service: string;
                            what: string;
                        }[];
                        orderId: number;
                        rows: {
                            row: {
                                [key: string]: unknown;
                            };
                            service: string;
                            table: string;
                        }[];
                        /** @description Services that did not answer. */
                        silent: string[];
                        standing: {
                            orderId: number;
                            /** Format: date-time */
                            since: string;
                            /** @description What it waits for. */
                            step: string;
                            why: string | null;
                        }[];
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
    beginAuditPass: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The number of the pass. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        pass: number;
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
    listStandingSagas: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The longest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        sagas: {
                            orderId: number;
                            /** Format: date-time */
                            since: string;
                            /** @description What it waits for. */
                            step: string;
                            why: string | null;
                        }[];
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
    listMyPage: {
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
                    "application/json": components["schemas"]["MyPageCollection"];
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
    getMyPage: {
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
                    "application/json": components["schemas"]["MyPage"];
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
    followMyPages: {
        parameters: {
            query?: {
                customerId?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It goes on until one side ends it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
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
    getFigures: {
        parameters: {
            query?: {
                minutes?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The minutes come the oldest first, and the last one is not over. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        minutes: {
                            /** Format: date-time */
                            at: string;
                            canceled: number;
                            completed: number;
                            ordered: number;
                        }[];
                        open: {
                            deliveryPrepared: number;
                            deliverystarted: number;
                            ordered: number;
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
    listSearches: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Templated links to the searches. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        _links: {
                            find: components["schemas"]["TemplatedLink"];
                            findByOrderId: components["schemas"]["TemplatedLink"];
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
    findMyPages: {
        parameters: {
            query?: {
                after?: number;
                customerId?: number;
                from?: string;
                itemcd?: number;
                q?: string;
                size?: number;
                status?: "ordered" | "deliveryPrepared" | "deliverystarted" | "deliverycompleted" | "orderCanceled";
                to?: string;
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
                            myPages: components["schemas"]["MyPage"][];
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
    exportMyPages: {
        parameters: {
            query?: {
                customerId?: number;
                from?: string;
                itemcd?: number;
                q?: string;
                status?: "ordered" | "deliveryPrepared" | "deliverystarted" | "deliverycompleted" | "orderCanceled";
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description UTF-8, with a line of names first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
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
    findByOrderId: {
        parameters: {
            query: {
                orderId: number;
            };
            header?: never;
            path?: never;
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
                    "application/json": components["schemas"]["MyPage"];
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
            /** @description There is no such order (`unknown-order`). */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        type: "/problems/unknown-order";
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
                            myPages: components["schemas"]["Link"];
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
