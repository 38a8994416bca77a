import fc from 'fast-check';

// A property that fails says by what, in reports too, which leave out an error's cause.
fc.configureGlobal({ includeErrorInReport: true });
