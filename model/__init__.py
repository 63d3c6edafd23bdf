"""What a trained model is: text in, themes out.

Imports neither `training` nor `service`, and knows neither scikit-learn, HTTP nor office files.
"""
