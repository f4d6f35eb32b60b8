package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"kinwire/configs"
	"kinwire/metrics"
	"kinwire/metrics/export"
)

// exporters are where the records of calls that have ended go besides the store.
type exporters struct {
	list   []metrics.Export
	closes []func(context.Context) error
}

func newExporters(cfg configs.Export) (*exporters, error) {
	e := &exporters{}
	if hook := cfg.Webhook; hook.URL != "" {
		w, err := export.NewWebhook(export.WebhookConfig{URL: hook.URL, Secret: hook.Secret.Reveal()}, time.Now)
		if err != nil {
			return nil, err
		}
		e.add("webhook", w, func(context.Context) error { return w.Close() })
	}
	if cfg.OTLP.Endpoint != "" {
		headers := map[string]string{}
		for _, line := range cfg.OTLP.Headers {
			name, value, _ := strings.Cut(line.Reveal(), ":") // configs has checked the form
			headers[name] = strings.TrimSpace(value)
		}
		o, err := export.NewOTLP(export.OTLPConfig{Endpoint: cfg.OTLP.Endpoint, Headers: headers, Version: version()}, time.Now)
		if err != nil {
			return nil, errors.Join(err, e.close(context.Background()))
		}
		e.add("otlp", o, o.Close)
	}
	return e, nil
}

func (e *exporters) add(name string, to recordExporter, closes func(context.Context) error) {
	e.list = append(e.list, metrics.Export{Name: name, To: exporting{to}})
	e.closes = append(e.closes, closes)
}

// close lets go of what is open, once the recorder has been closed.
func (e *exporters) close(ctx context.Context) error {
	var errs []error
	for _, c := range e.closes {
		errs = append(errs, c(ctx))
	}
	return errors.Join(errs...)
}

type recordExporter interface {
	Export(ctx context.Context, r export.Record) error
}

// exporting shows an exporter to the recorder in its own words.
type exporting struct{ to recordExporter }

func (e exporting) Export(ctx context.Context, r metrics.Row) error {
	err := e.to.Export(ctx, export.Record(r))
	var failed *export.Error
	switch {
	case !errors.As(err, &failed):
		return err
	case failed.Final:
		return errors.Join(metrics.ErrRefused, err)
	case failed.After > 0:
		return &metrics.RetryError{After: failed.After, Err: err}
	}
	return err
}
