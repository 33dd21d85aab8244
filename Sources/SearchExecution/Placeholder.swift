// SearchExecution
