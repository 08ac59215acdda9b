/**
 * The report: one self-contained HTML file that shows what was found, with the images. Fill a
 * {@link io.vicinal.report.ReportData}, give it to {@link io.vicinal.report.HtmlReport}. The page's
 * own text, looks and behaviour are resources beside this package.
 */
package io.vicinal.report;
