"""Floor 3: what is seen. The only floor that knows Dash and Plotly."""
