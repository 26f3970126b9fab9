package preview

import "time"

// SetPDFTime bounds how long a Maker's tool may take.
func SetPDFTime(m *Maker, d time.Duration) { m.pdfTime = d }
