package proto

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Encode writes the data of a message. Unlike json.Marshal it writes a nil
// slice as [] (or leaves it out, by omitempty), so that a reader in another
// language always finds an array where the schema says so.
func Encode(v any) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	filled := reflect.New(reflect.TypeOf(v)).Elem()
	filled.Set(reflect.ValueOf(v))
	fill(filled, false)
	text, err := json.Marshal(filled.Interface())
	if err != nil {
		return nil, fmt.Errorf("encoding %T: %w", v, err)
	}
	return text, nil
}

// fill replaces nil slices in v, which is settable, by empty ones. It copies
// the slices it goes into: their arrays may be shared with others.
func fill(v reflect.Value, omit bool) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), omitsEmpty(v.Type().Field(i)))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			target := reflect.New(v.Type().Elem())
			target.Elem().Set(v.Elem())
			fill(target.Elem(), false)
			v.Set(target)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return // raw JSON
		}
		if v.IsNil() {
			if !omit {
				v.Set(reflect.MakeSlice(v.Type(), 0, 0))
			}
			return
		}
		own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(own, v)
		for i := range own.Len() {
			fill(own.Index(i), false)
		}
		v.Set(own)
	}
}

func omitsEmpty(f reflect.StructField) bool {
	return strings.HasSuffix(f.Tag.Get("json"), ",omitempty")
}
