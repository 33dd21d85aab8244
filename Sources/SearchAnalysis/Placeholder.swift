// SearchAnalysis
